"""One compiled program for many members, spread over the devices of a mesh."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble import rules
from coincast.ensemble.compiling import partitioned_by_hand, to_train
from coincast.ensemble.initial import (
    Blueprint,
    build_optimizer,
    draw_weights,
    numbers_as_they_are,
    study_build,
)
from coincast.ensemble.layers import unfold_convolutions
from coincast.ensemble.member import Member, State, forward, train_member
from coincast.ensemble.operations import count_operations
from coincast.ensemble.plan import Build, Plan, Weights
from coincast.errors import InputError

__all__ = ["Program", "device_count", "make_program"]

Tree = Any  # arrays in tuples, lists and dicts
AXIS = "members"
# A loop wants what it walks along first: with the members first, each array would be turned over.
ORDERS, HISTORY = 1, 1


class Program:
    """Everything that is compiled for one builder and plan; kept for the next call with both."""

    def __init__(self, build: Build, shape: tuple[int, int], plan: Plan) -> None:
        self.build, self.shape = build, shape
        with numbers_as_they_are():
            self.blueprint: Blueprint = study_build(build, shape, seed=1)
            self.model = self.blueprint.model
            optimizer = plan.make_optimizer()
            build_optimizer(optimizer, self.model.trainable_variables)
        unfold_convolutions(self.model)
        self.member = Member(self.model, optimizer, plan, _rate_place(optimizer))
        self._trainings: dict[Any, Any] = {}  # members, shapes and the like -> compiled training
        self._forward = {
            shared: jax.jit(_sharded(partial(forward, self.model), (0, None if shared else 0), 0))
            for shared in (True, False)
        }

    def initial(self, seeds: Sequence[int]) -> tuple[Weights, Weights]:
        """Return the members' first weights, trainable and other ones."""
        return self.part(draw_weights(self.blueprint, self.build, self.shape, seeds))

    def train(
        self,
        seeds: Sequence[int],
        own: Mapping[str, Any],
        data: Mapping[str, tuple[Any, Any]],
        shared: Mapping[str, bool],
    ) -> tuple[Weights, npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float32]]]:
        """Return final weights, which members failed and each epoch's figures."""
        plan, rows = self.member.plan, data["train"][1].shape[-1]
        orders = draw_orders(plan.epochs, rows, seeds) if plan.shuffle else None
        given = (self._begin(seeds, own), orders, own.get("dropout"), dict(data))
        last, failed, history = self._training(given, shared)(*given)
        history = {name: fetch(values).T for name, values in history.items()}
        return self.join(*fetch(last)), fetch(failed), history

    def _begin(self, seeds: Sequence[int], own: Mapping[str, Any]) -> State:
        """Return the members' state before the first epoch: with NumPy, nothing is compiled."""
        weights, members = self.initial(seeds), len(seeds)
        values = [np.asarray(variable.value) for variable in self.member.optimizer.variables]
        slots = [np.broadcast_to(value, (members, *value.shape)) for value in values]
        if "learning_rate" in own and self.member.rate_place is not None:
            slots[self.member.rate_place] = own["learning_rate"]
        return weights, slots, rules.begin(self.member.plan, weights, members)

    def _training(self, given: tuple[Any, ...], shared: Mapping[str, bool]) -> Any:  # noqa: ANN401
        """Return the compiled training of members with such arrays."""
        leaves, structure = jax.tree.flatten(given)
        kind = (structure, tuple(leaf.shape for leaf in leaves), tuple(shared.items()))
        if kind not in self._trainings:
            try:
                self._trainings[kind] = self._compile(given, shared)
            except (jax.errors.JaxRuntimeError, MemoryError):
                raise
            except Exception as error:  # whatever somebody else's layer does while it is traced
                raise InputError(
                    f"model {self.model.name!r} cannot be traced into one program "
                    f"({type(error).__name__}: {str(error).strip().splitlines()[0]}); its layers "
                    "must compute with keras.ops and may not look at values to decide what to do"
                ) from error
        return self._trainings[kind]

    def _compile(self, given: tuple[Any, ...], shared: Mapping[str, bool]) -> Any:  # noqa: ANN401
        apart = {name: None if value else 0 for name, value in shared.items()}
        call = _sharded(partial(train_member, self.member), (0, ORDERS, 0, apart), (0, 0, HISTORY))
        with _no_collection(), partitioned_by_hand():
            return jax.jit(call, compiler_options=to_train()).lower(*given).compile()

    def outputs(self, weights: tuple[Weights, Weights], inputs: Any, *, shared: bool) -> Any:  # noqa: ANN401
        """Return the members' outputs: (members, windows, outputs)."""
        return fetch(self._forward[shared](weights, inputs))

    def operations(self, data: Mapping[str, tuple[Any, Any]]) -> float:
        """Return the arithmetic in the matrix products of training one member on such arrays."""
        plan, rows = self.member.plan, data["train"][1].shape[-1]
        order = np.zeros((plan.epochs, rows), np.int32)
        state = jax.tree.map(lambda values: values[0], self._begin([0], {}))
        return count_operations(partial(train_member, self.member), state, order, None, data)

    def part(self, weights: Weights) -> tuple[Weights, Weights]:
        """Return weights in the order of `model.variables` as trainable and other ones."""
        found = {id(v): w for v, w in zip(self.model.variables, weights, strict=True)}
        return (
            [found[id(v)] for v in self.model.trainable_variables],
            [found[id(v)] for v in self.model.non_trainable_variables],
        )

    def join(self, trainable: Weights, others: Weights) -> Weights:
        """Return parted weights in the order of `model.variables`."""
        model = self.model
        found = {id(v): w for v, w in zip(model.trainable_variables, trainable, strict=True)}
        found |= {id(v): w for v, w in zip(model.non_trainable_variables, others, strict=True)}
        return [found[id(v)] for v in model.variables]


@lru_cache(maxsize=16)
def make_program(build: Build, shape: tuple[int, int], plan: Plan) -> Program:
    """Return the program of a builder and a plan, the one from last time if they are the same."""
    return Program(build, shape, plan)


def draw_orders(epochs: int, rows: int, seeds: Sequence[int]) -> npt.NDArray[np.int32]:
    """Return the order of the windows in each epoch: (epochs, members, rows).

    They are drawn by NumPy, and so do not depend on the machine that trains.
    """
    own = np.arange(rows, dtype=np.int32)
    return np.stack(
        [
            np.random.default_rng(seed & 0xFFFFFFFF).permuted(np.tile(own, (epochs, 1)), axis=1)
            for seed in seeds
        ],
        axis=ORDERS,
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python's garbage collector away from all that Keras and JAX hold: a walk takes .2 s."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def mesh_devices() -> list[jax.Device]:
    """Return the devices that share the members: all there are, on all hosts."""
    return jax.devices()


def device_count() -> int:
    """Return how many devices share the members, those of other hosts included."""
    return len(mesh_devices())


def fetch(values: Tree) -> Tree:
    """Return arrays that are spread over devices, and perhaps hosts, as NumPy arrays."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils  # noqa: PLC0415 - only where it is needed

        values = multihost_utils.process_allgather(values, tiled=True)
    return jax.tree.map(np.asarray, values)


def _sharded(one: Any, axes: Tree, outputs: Tree) -> Any:  # noqa: ANN401
    """Return a function of one member as one of members spread over all devices.

    Args:
        one: arrays of a member -> arrays.
        axes: which axis of each argument (or of all arrays in one) counts the members; None: all
            members have the same.
        outputs: likewise of what it returns.
    """
    mesh = jax.sharding.Mesh(np.array(mesh_devices()), (AXIS,))
    none = {"is_leaf": lambda axis: axis is None}
    return jax.shard_map(
        jax.vmap(one, in_axes=axes, out_axes=outputs),
        mesh=mesh,
        in_specs=jax.tree.map(_place, axes, **none),
        out_specs=jax.tree.map(_place, outputs, **none),
        check_vma=False,
    )


def _place(axis: int | None) -> jax.sharding.PartitionSpec:
    """Return how an array with the members on this axis lies on the mesh."""
    names = [] if axis is None else [None] * axis + [AXIS]
    return jax.sharding.PartitionSpec(*names)  # type: ignore[no-untyped-call]


def _rate_place(optimizer: keras.Optimizer) -> int | None:
    paths = [variable.path.rsplit("/", 1)[-1] for variable in optimizer.variables]
    return paths.index("learning_rate") if "learning_rate" in paths else None
