"""First weights of many members: those of models built from their seeds, without building them.

Building one Keras model runs every initialiser on its own, and JAX compiles each the first time:
seconds, before any training. So a model is built twice with initialisers that do nothing, to
learn which of them takes which of the random numbers that Keras draws for seeds; then all
initialisers run for all members in one compiled program. Where the two builds do not tell
the whole story, every model is built.
"""

import copy
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from coincast.ensemble.plan import Build, Weights

__all__ = ["Blueprint", "build_optimizer", "draw_weights", "quickly", "study_build"]

DRAWS = 4096  # random numbers looked through for the seed of an initialiser
LARGEST_SEED = 10**9  # Keras draws seeds from 1 to this


@dataclass
class _Source:
    """Where the first value of a variable comes from.

    Attributes:
        make: seed (or None) -> the value; the seed as JAX's raw key.
        position: which of the numbers drawn for a member is the seed; None: no random one.
    """

    make: Callable[[Any], Any]
    position: int | None


@dataclass
class Blueprint:
    """A model to trace, whose own weights mean nothing, and how to make those of a member.

    Attributes:
        model: built once.
        sources: one for each of `model.variables`; empty if models must be built to know.
        rivals: for sources without a seed, the same from the other build, to compare with.
        program: all of them compiled, once that is done.
    """

    model: keras.Model
    sources: list[_Source]
    rivals: list[_Source]
    program: Callable[[Any], Any] | None = None


def study_build(build: Build, shape: tuple[int, int], seed: int) -> Blueprint:
    """Build a model from two seeds and return what was learnt from the comparison."""
    first, sources = _build_recorded(build, shape, seed)
    _, others = _build_recorded(build, shape, seed + 1)
    agree = (
        sources is not None
        and others is not None
        and [s.position for s in sources] == [s.position for s in others]
    )
    if sources is None or others is None or not agree:
        return Blueprint(first, [], [])
    return Blueprint(first, sources, others)


def draw_weights(
    blueprint: Blueprint, build: Build, shape: tuple[int, int], seeds: Sequence[int]
) -> Weights:
    """Return the first values of the model's variables, each stacked over the members."""
    if blueprint.sources:
        draws = np.array([_draws(seed, _needed(blueprint)) for seed in seeds], np.uint32)
        values, same = _initialiser(blueprint)(draws)
        if bool(same):
            return [np.asarray(value) for value in values]
    return _built_weights(build, shape, seeds)


def build_optimizer(optimizer: keras.Optimizer, variables: Weights) -> None:
    """Give an optimizer its variables, zeros by NumPy: JAX would compile for each shape of them."""
    original = optimizer.add_variable

    def add_variable(shape: Any, initializer: Any = "zeros", **options: Any) -> Any:  # noqa: ANN401
        return original(shape, _blank if initializer == "zeros" else initializer, **options)

    optimizer.add_variable = add_variable
    optimizer.build(variables)
    del optimizer.add_variable


def _built_weights(build: Build, shape: tuple[int, int], seeds: Sequence[int]) -> Weights:
    members = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        members.append([np.asarray(v.value) for v in build(*shape).variables])
    return [np.stack(values) for values in zip(*members, strict=True)]


def _initialiser(blueprint: Blueprint) -> Callable[[Any], Any]:
    """Return the compiled program: draws (members, n) -> values, and if both builds agree."""
    if blueprint.program is not None:
        return blueprint.program

    def one(draws: Any) -> list[Any]:  # noqa: ANN401
        return [
            source.make(None if source.position is None else _key(draws[source.position]))
            for source in blueprint.sources
        ]

    def many(draws: Any) -> Any:  # noqa: ANN401
        values = jax.vmap(one, axis_size=draws.shape[0])(draws)
        same = jnp.array(True)  # noqa: FBT003
        for source, rival in zip(blueprint.sources, blueprint.rivals, strict=True):
            if source.position is None:
                same &= jnp.array_equal(source.make(None), rival.make(None))
        return values, same

    # Run once on little data: what counts is the time to compile, .3 s instead of 3.
    blueprint.program = jax.jit(many, compiler_options=quickly(0))
    return blueprint.program


def quickly(level: int) -> dict[str, Any] | None:
    """Return options that have XLA compile for a processor with less effort than its most.

    At level 2 of 3 the training compiles in half the time and runs as fast.
    """
    if jax.default_backend() != "cpu" or "optimization_level" in os.environ.get("XLA_FLAGS", ""):
        return None
    return {"xla_backend_optimization_level": level}


def _key(draw: Any) -> Any:  # noqa: ANN401
    return jnp.stack([draw, jnp.zeros_like(draw)])


def _needed(blueprint: Blueprint) -> int:
    return 1 + max((s.position for s in blueprint.sources if s.position is not None), default=0)


def _draws(seed: int, count: int) -> list[int]:
    """Return the numbers that Keras would draw for seeds after `set_random_seed(seed)`."""
    source = random.Random(seed)  # noqa: S311 - Keras's own source, replayed
    return [source.randint(1, LARGEST_SEED) for _ in range(count)]


@contextmanager
def _recording() -> Iterator[list[tuple[Any, Any, Any]]]:
    """Note each weight that a layer makes: (variable, its first value, its initialiser)."""
    made: list[tuple[Any, Any, Any]] = []
    original = keras.Layer.add_weight

    def add_weight(
        self: keras.Layer,
        shape: Any = None,  # noqa: ANN401
        initializer: Any = None,  # noqa: ANN401
        dtype: Any = None,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        wanted = keras.initializers.get(initializer) if initializer is not None else None
        blank = _blank if wanted is not None else None
        variable = original(self, shape=shape, initializer=blank, dtype=dtype, **options)
        made.append((variable, variable.value, wanted))
        return variable

    keras.Layer.add_weight = add_weight
    try:
        yield made
    finally:
        keras.Layer.add_weight = original


def _blank(shape: Sequence[int], dtype: Any = None) -> Any:  # noqa: ANN401
    return np.zeros(shape, keras.backend.standardize_dtype(dtype))


def _build_recorded(
    build: Build, shape: tuple[int, int], seed: int
) -> tuple[keras.Model, list[_Source] | None]:
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - as Keras does
    # Not `keras.utils.set_random_seed`: it spends seconds on importing TensorFlow to seed it too.
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        with _recording() as made:
            model = build(*shape)
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002
    places = {draw: place for place, draw in reversed(list(enumerate(_draws(seed, DRAWS))))}
    recorded = {id(variable): (value, initialiser) for variable, value, initialiser in made}
    sources = []
    for variable in model.variables:
        value, initialiser = recorded.get(id(variable), (None, None))
        if initialiser is None:
            source = _source_of_value(np.asarray(variable.value), places)
        elif variable.value is not value:  # the builder gave it another value afterwards
            return model, None
        else:
            source = _source_of_initialiser(initialiser, variable, places)
        if source is None:
            return model, None
        sources.append(source)
    return model, sources


def _source_of_value(value: Any, places: dict[int, int]) -> _Source | None:  # noqa: ANN401
    """Return the source of the state of a random generator: its seed and a count."""
    if value.shape == (2,) and value.dtype == np.uint32 and value[1] == 0:
        place = places.get(int(value[0]))
        if place is not None:
            return _Source(lambda key: key, place)
        return _Source(lambda _: jnp.asarray(value), None)
    return None


def _source_of_initialiser(
    initialiser: Any,  # noqa: ANN401
    variable: Any,  # noqa: ANN401
    places: dict[int, int],
) -> _Source | None:
    shape, dtype = tuple(variable.shape), variable.dtype
    if not hasattr(initialiser, "seed"):
        return _Source(lambda _: _call(initialiser, shape, dtype), None)
    if not isinstance(initialiser.seed, int):
        return None
    place = places.get(initialiser.seed)
    if place is None:
        return _Source(lambda _: _call(initialiser, shape, dtype), None)

    def make(key: Any) -> Any:  # noqa: ANN401
        mine = copy.copy(initialiser)
        mine.seed = key
        return _call(mine, shape, dtype)

    return _Source(make, place)


def _call(initialiser: Any, shape: tuple[int, ...], dtype: str) -> Any:  # noqa: ANN401
    return jnp.asarray(initialiser(shape, dtype=dtype), dtype)
