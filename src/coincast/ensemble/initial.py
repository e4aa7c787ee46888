"""Initial weights of many members: those of models built from their seeds, without building them.

Building a Keras model runs each initialiser by itself, and JAX compiles each the first time. So
the model is built twice with initialisers that do nothing, to learn which of them uses which of
the seeds that Keras draws; then NumPy runs each initialiser for all members. If that does not
explain every weight, a model is built for each member.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble.initialisers import draw, is_known
from coincast.ensemble.plan import Build, Weights

__all__ = ["Blueprint", "build_optimizer", "draw_weights", "numpy_arrays", "study_build"]

DRAWS = 4096  # seeds that one model may draw
LARGEST_SEED = 10**9  # Keras draws seeds from 1 to this
FILLS = {keras.initializers.Zeros: np.zeros, keras.initializers.Ones: np.ones}


@dataclass
class _Source:
    """Where the initial value of a variable comes from.

    Attributes:
        initialiser: what draws it from a seed; None: the value is the state of a random generator
            (its seed and a count), or the same for all members.
        shape: of the value.
        position: of the seed among those that Keras draws for a member; None: nothing random.
        value: the same for all members; None if there is a position.
    """

    initialiser: Any
    shape: tuple[int, ...]
    position: int | None
    value: npt.NDArray[Any] | None

    def draw(self, draws: npt.NDArray[np.uint32]) -> npt.NDArray[Any]:
        """Return the members' values from the numbers drawn for them, (members, numbers)."""
        if self.position is None:
            return np.broadcast_to(np.asarray(self.value), (len(draws), *self.shape))
        seeds = draws[:, self.position]
        if self.initialiser is None:
            return np.stack([seeds, np.zeros_like(seeds)], axis=1)
        return draw(self.initialiser, self.shape, seeds)


@dataclass
class Blueprint:
    """A model to trace, whose own weights do not matter, and how to draw those of a member.

    Attributes:
        model: built once.
        sources: one for each of `model.variables`; None if models must be built to know.
    """

    model: keras.Model
    sources: list[_Source] | None


def study_build(build: Build, shape: tuple[int, int], seed: int) -> Blueprint:
    """Build a model from two seeds, compare them and return where each weight comes from."""
    first, sources = _build_recorded(build, shape, seed)
    _, others = _build_recorded(build, shape, seed + 1)
    if sources is None or others is None or not all(map(_agree, sources, others)):
        return Blueprint(first, None)
    return Blueprint(first, sources)


def draw_weights(
    blueprint: Blueprint, build: Build, shape: tuple[int, int], seeds: Sequence[int]
) -> Weights:
    """Return the initial values of the model's variables, each stacked over the members."""
    if blueprint.sources is None:
        return _built_weights(build, shape, seeds)
    count = 1 + max((s.position for s in blueprint.sources if s.position is not None), default=0)
    draws = np.array([_draws(seed, count) for seed in seeds], np.uint32)
    return [source.draw(draws) for source in blueprint.sources]


def build_optimizer(optimizer: keras.Optimizer, variables: Weights) -> None:
    """Build an optimizer with zeros from NumPy: JAX would compile for each shape."""
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


def _agree(one: _Source, other: _Source) -> bool:
    """Return whether two builds tell the same of a variable, whatever their seeds."""
    if one.position is None and other.position is None:
        return np.array_equal(np.asarray(one.value), np.asarray(other.value))
    return one.position == other.position


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


@contextmanager
def numpy_arrays() -> Iterator[None]:
    """Have NumPy convert the values of new Keras variables: JAX would compile for each kind."""
    original = jnp.asarray

    def asarray(values: Any, dtype: Any = None, **options: Any) -> Any:  # noqa: ANN401
        items = values if isinstance(values, list) else [values]
        numbers = dtype is not None and all(isinstance(item, int | float) for item in items)
        if options or not (numbers or isinstance(values, np.ndarray)):
            return original(values, dtype, **options)
        return jax.device_put(np.asarray(values, dtype))

    jnp.asarray = asarray  # type: ignore[assignment]
    try:
        yield
    finally:
        jnp.asarray = original


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
        if initialiser is not None and variable.value is not value:
            return model, None  # the builder gave it another value afterwards
        source = _source(variable, initialiser, places)
        if source is None:
            return model, None
        sources.append(source)
    return model, sources


def _source(variable: Any, initialiser: Any, places: dict[int, int]) -> _Source | None:  # noqa: ANN401
    """Return where a variable's first value comes from; None if that cannot be told."""
    shape, dtype = tuple(variable.shape), variable.dtype
    if initialiser is None:
        value = np.asarray(variable.value)
        state = value.shape == (2,) and value.dtype == np.uint32 and value[1] == 0
        return _Source(None, shape, places.get(int(value[0])) if state else None, value)
    seed = getattr(initialiser, "seed", None)
    place = places.get(seed) if isinstance(seed, int) else None
    if place is not None:
        known = dtype == "float32" and is_known(initialiser)
        return _Source(initialiser, shape, place, None) if known else None
    if hasattr(initialiser, "seed") and not isinstance(seed, int):
        return None
    return _Source(None, shape, None, _run(initialiser, shape, dtype))


def _run(initialiser: Any, shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:  # noqa: ANN401
    """Return what an initialiser that draws nothing gives; zeros and ones without JAX."""
    if type(initialiser) in FILLS:
        return FILLS[type(initialiser)](shape, dtype)
    compiled = jax.jit(lambda: initialiser(shape, dtype=dtype))
    return np.asarray(compiled())
