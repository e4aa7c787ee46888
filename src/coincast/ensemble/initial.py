"""Initial weights of many members: the builder itself, traced by JAX and vectorised over seeds.

A member with seed s starts from the weights of a model built after
`keras.utils.set_random_seed(s)`. Keras draws the seed of each initialiser and dropout layer from
Python's random numbers; here each of these seeds is an input of one compiled program.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt
from jax.extend.core import jaxpr_as_fun
from keras.src.random import seed_generator  # the one place where Keras draws seeds

from coincast.ensemble.plan import Build, Plan, Weights

__all__ = ["LEVEL", "Draw", "trace_build"]

MOST_SEEDS = 1024  # that one model may draw
LEVEL = "xla_backend_optimization_level"  # 1 compiles fastest; 0 rounds otherwise than Keras alone
LARGEST_SEED = 10**9  # Keras draws seeds from 1 to this


# Seeds -> initial values of the model's trainable and other variables, and of the optimizer's,
# each with a first axis of members.
Draw = Callable[[Sequence[int]], tuple[tuple[Weights, Weights], Weights]]


class _TracedSeed(int):
    """An integer for Keras, and the traced value behind it for JAX."""

    traced: Any

    def __jax_array__(self) -> Any:  # noqa: ANN401
        return self.traced


def trace_build(
    build: Build, shape: tuple[int, int], plan: Plan
) -> tuple[keras.Model, keras.Optimizer, Draw]:
    """Return a model and an optimizer, for their structure, and how members start.

    The builder is called once. One that JAX cannot trace, or that draws random numbers of its own,
    is called for each member instead, which is slow.
    """
    made: list[Any] = []
    optimizer = plan.make_optimizer()

    def start_one(seeds: Any) -> list[Any]:  # noqa: ANN401
        with _traced_seeds(seeds) as drawn:
            model = build(*shape)
        optimizer.build(model.trainable_variables)
        made.extend((model, len(drawn)))
        return _values(model, optimizer)

    before = _random_state()
    try:
        program = jax.make_jaxpr(start_one)(np.zeros(MOST_SEEDS, np.uint32))
    except Exception:  # noqa: BLE001 - whatever a user's builder does while it is traced
        return _start_by_building(build, shape, plan)
    if _random_state() != before:
        return _start_by_building(build, shape, plan)
    model, count = made
    for variable in [*model.variables, *optimizer.variables]:  # they must not keep traced values
        variable.assign(np.zeros(variable.shape, variable.dtype))
    options = None if LEVEL in os.environ.get("XLA_FLAGS", "") else {LEVEL: 1}
    run = jax.jit(jax.vmap(jaxpr_as_fun(program)), compiler_options=options)

    def draw(seeds: Sequence[int]) -> tuple[tuple[Weights, Weights], Weights]:
        values = [np.asarray(value) for value in run(_draw_keras_seeds(seeds, count))]
        return _separate(model, values)

    return model, optimizer, draw


def _start_by_building(
    build: Build, shape: tuple[int, int], plan: Plan
) -> tuple[keras.Model, keras.Optimizer, Draw]:
    model, optimizer = build(*shape), plan.make_optimizer()
    optimizer.build(model.trainable_variables)

    def draw(seeds: Sequence[int]) -> tuple[tuple[Weights, Weights], Weights]:
        members = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            members.append(_values(build(*shape), optimizer))
        return _separate(model, [np.stack(each) for each in zip(*members, strict=True)])

    return model, optimizer, draw


def _values(model: keras.Model, optimizer: keras.Optimizer) -> list[Any]:
    return [variable.value for variable in [*model.variables, *optimizer.variables]]


def _separate(model: keras.Model, values: Weights) -> tuple[tuple[Weights, Weights], Weights]:
    """Return what `_values` gives as trainable and other weights, and the optimizer's variables."""
    count = len(model.variables)
    found = {id(v): value for v, value in zip(model.variables, values[:count], strict=True)}
    kinds = (model.trainable_variables, model.non_trainable_variables)
    trainable, others = ([found[id(v)] for v in kind] for kind in kinds)
    return (trainable, others), values[count:]


@contextmanager
def _traced_seeds(seeds: Any) -> Iterator[list[int]]:  # noqa: ANN401
    """Have Keras draw its seeds from a traced array; yield the list of what was drawn."""
    drawn: list[int] = []

    def draw(_lowest: int, _largest: int) -> int:
        seed = _TracedSeed(1 + len(drawn))
        seed.traced = seeds[len(drawn)]
        drawn.append(seed)
        return seed

    original = seed_generator.python_random
    seed_generator.python_random = SimpleNamespace(randint=draw)
    try:
        yield drawn
    finally:
        seed_generator.python_random = original


def _draw_keras_seeds(seeds: Sequence[int], count: int) -> npt.NDArray[np.uint32]:
    """Return the seeds that Keras draws after `set_random_seed`: (members, MOST_SEEDS)."""
    found = np.zeros((len(seeds), MOST_SEEDS), np.uint32)
    for row, seed in zip(found, seeds, strict=True):
        source = random.Random(seed)  # noqa: S311 - Keras's own source
        row[:count] = [source.randint(1, LARGEST_SEED) for _ in range(count)]
    return found


def _random_state() -> tuple[Any, ...]:
    """Return the state of Python's and NumPy's global random numbers."""
    return random.getstate(), repr(np.random.get_state())  # noqa: NPY002 - what builders may use
