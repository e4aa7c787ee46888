"""One compiled program for many members, spread over the devices."""

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble import rules
from coincast.ensemble.initial import trace_build
from coincast.ensemble.layers import unfold_convolutions
from coincast.ensemble.member import Member, State, predict_member, train_member
from coincast.ensemble.plan import Build, Plan, Weights
from coincast.errors import InputError

__all__ = ["Program", "chunks", "device_count", "make_program"]

Tree = Any  # arrays in tuples, lists and dicts
AXIS = "members"
# A loop runs along the first axis of its arrays, so there the members are on the second.
ORDERS, HISTORY = 1, 1
# On a processor: less time to compile and, with the widest vectors there are, to run.
PROCESSOR_OPTIONS = {"xla_backend_optimization_level": 2, "xla_cpu_prefer_vector_width": 512}


class Program:
    """What is compiled for one builder and plan, kept for the next call with both.

    Raises:
        InputError: a plateau rule for an optimizer that follows a schedule.
    """

    def __init__(self, build: Build, shape: tuple[int, int], plan: Plan) -> None:
        self.build, self.shape = build, shape
        self.start = trace_build(build, shape, plan)
        self.model, optimizer = self.start.model, self.start.optimizer
        unfold_convolutions(self.model)
        rate_index = _find_rate(optimizer)
        if plan.plateau is not None and rate_index is None:
            raise InputError(
                "a plateau rule cannot change the learning rate of an optimizer that follows a "
                "schedule; give the optimizer a number"
            )
        self.member = Member(self.model, optimizer, plan, rate_index)
        self._trainings: dict[Any, Any] = {}  # shapes and what is shared -> compiled training
        self._predict = {
            shared: jax.jit(
                _shard(partial(predict_member, self.model), (0, None if shared else 0), 0)
            )
            for shared in (True, False)
        }

    def train(
        self,
        seeds: Sequence[int],
        data: Mapping[str, tuple[Any, Any]],
        shared: Mapping[str, bool],
    ) -> tuple[Weights, npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float32]]]:
        """Return final weights, whether each member failed, and the metrics of each epoch.

        Args:
            seeds: one per member.
            data: "train", "val" and others -> inputs and targets.
            shared: whether all members have the same of these.

        Raises:
            InputError: the model cannot be traced.
        """
        plan, rows = self.member.plan, data["train"][1].shape[-1]
        orders = draw_orders(plan.epochs, rows, seeds) if plan.shuffle else None
        arguments = (self._begin(seeds), orders, dict(data))
        weights, failed, history = self._training(arguments, shared)(*arguments)
        history = {name: np.asarray(values).T for name, values in history.items()}
        return self.join(*jax.tree.map(np.asarray, weights)), np.asarray(failed), history

    def _begin(self, seeds: Sequence[int]) -> State:
        """Return the state of the members before the first epoch."""
        variables, slots = self.start.draw(seeds)
        weights = self.separate(variables)
        return weights, slots, rules.initial_state(self.member.plan, weights, len(seeds))

    def _training(self, arguments: tuple[Any, ...], shared: Mapping[str, bool]) -> Any:  # noqa: ANN401
        """Return the training compiled for such arguments."""
        leaves, structure = jax.tree.flatten(arguments)
        kind = (structure, tuple(leaf.shape for leaf in leaves), tuple(shared.items()))
        if kind not in self._trainings:
            try:
                self._trainings[kind] = self._compile(arguments, shared)
            except (jax.errors.JaxRuntimeError, MemoryError):
                raise
            except Exception as error:  # whatever a user's own layer does while it is traced
                raise InputError(
                    f"model {self.model.name!r} cannot be traced into one program "
                    f"({type(error).__name__}: {str(error).strip().splitlines()[0]}); its layers "
                    "must compute with keras.ops and may not branch on values"
                ) from error
        return self._trainings[kind]

    def _compile(self, arguments: tuple[Any, ...], shared: Mapping[str, bool]) -> Any:  # noqa: ANN401
        axes = {name: None if value else 0 for name, value in shared.items()}
        call = _shard(partial(train_member, self.member), (0, ORDERS, axes), (0, 0, HISTORY))
        with _no_garbage_collection():
            return jax.jit(call, compiler_options=_compiler_options()).lower(*arguments).compile()

    def predict(self, weights: tuple[Weights, Weights], inputs: Any, *, shared: bool) -> Any:  # noqa: ANN401
        """Return the outputs of the members: (members, windows, outputs)."""
        return np.asarray(self._predict[shared](weights, inputs))

    def separate(self, weights: Weights) -> tuple[Weights, Weights]:
        """Return weights in the order of `model.variables` as trainable and other ones."""
        found = {id(v): w for v, w in zip(self.model.variables, weights, strict=True)}
        return (
            [found[id(v)] for v in self.model.trainable_variables],
            [found[id(v)] for v in self.model.non_trainable_variables],
        )

    def join(self, trainable: Weights, others: Weights) -> Weights:
        """Return trainable and other weights in the order of `model.variables`."""
        model = self.model
        found = {id(v): w for v, w in zip(model.trainable_variables, trainable, strict=True)}
        found |= {id(v): w for v, w in zip(model.non_trainable_variables, others, strict=True)}
        return [found[id(v)] for v in model.variables]


@lru_cache(maxsize=16)
def make_program(build: Build, shape: tuple[int, int], plan: Plan) -> Program:
    """Return the program of a builder and a plan, the last one if they are the same."""
    return Program(build, shape, plan)


def draw_orders(epochs: int, rows: int, seeds: Sequence[int]) -> npt.NDArray[np.int32]:
    """Return the order of the windows in each epoch: (epochs, members, rows).

    NumPy draws them, so they do not depend on the device.
    """
    own = np.arange(rows, dtype=np.int32)
    return np.stack(
        [
            np.random.default_rng(seed & 0xFFFFFFFF).permuted(np.tile(own, (epochs, 1)), axis=1)
            for seed in seeds
        ],
        axis=ORDERS,
    )


def chunks(members: int, most: int) -> list[npt.NDArray[np.intp]]:
    """Return the positions of the members of each chunk, all chunks of one length.

    The length is a multiple of the number of devices; the last chunk is filled up with the last
    member, so that every chunk runs the same compiled program. Drop the surplus at the end.
    """
    count = -(-members // most)
    devices = device_count()
    length = -(-members // (count * devices)) * devices
    filled = np.minimum(np.arange(count * length), members - 1)
    return list(filled.reshape(count, length))


def device_count() -> int:
    """Return how many devices share the members."""
    return len(_devices())


def _devices() -> list[jax.Device]:
    return jax.devices()


def _shard(one: Any, axes: Tree, outputs: Tree) -> Any:  # noqa: ANN401
    """Return a function of one member as one of many members, spread over the devices.

    Args:
        one: arrays of a member -> arrays.
        axes: the axis of members of each argument (or of all arrays in it); None: shared.
        outputs: likewise of what it returns.
    """
    mesh = jax.sharding.Mesh(np.array(_devices()), (AXIS,))
    none = {"is_leaf": lambda axis: axis is None}
    return jax.shard_map(
        jax.vmap(one, in_axes=axes, out_axes=outputs),
        mesh=mesh,
        in_specs=jax.tree.map(_partition, axes, **none),
        out_specs=jax.tree.map(_partition, outputs, **none),
        check_vma=False,
    )


def _partition(axis: int | None) -> jax.sharding.PartitionSpec:
    """Return how an array with the members on this axis is spread over the mesh."""
    names = [] if axis is None else [None] * axis + [AXIS]
    return jax.sharding.PartitionSpec(*names)  # type: ignore[no-untyped-call]


def _compiler_options() -> dict[str, int] | None:
    """Return options for XLA on a processor, unless the user has set them."""
    flags = os.environ.get("XLA_FLAGS", "")
    if jax.default_backend() != "cpu" or any(name in flags for name in PROCESSOR_OPTIONS):
        return None
    return PROCESSOR_OPTIONS


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Pause the garbage collector, which would walk all objects of Keras and JAX over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _find_rate(optimizer: keras.Optimizer) -> int | None:
    names = [variable.path.rsplit("/", 1)[-1] for variable in optimizer.variables]
    return names.index("learning_rate") if "learning_rate" in names else None
