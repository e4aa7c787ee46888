"""One compiled program for a group of members; the groups run beside each other."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial, reduce
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import numpy.typing as npt
from keras import ops
from tqdm import tqdm

from coincast.ensemble.initial import LEVEL, trace_build
from coincast.ensemble.member import Member, initial_state, predict_member, train_member
from coincast.ensemble.plan import Build, Plan, Weights
from coincast.errors import InputError, UntraceableError
from coincast.records.machine import cores

__all__ = ["Program", "make_program", "run_in_groups"]

Tree = Any  # arrays in tuples, lists and dicts
# A loop runs along the first axis of its arrays, so there the members are on the second.
ORDERS, HISTORY = 1, 1
# Members of a group: those of one core should fit its cache; a GPU wants more of them.
MEMBERS_PER_CORE, MEMBERS_PER_GPU = 13, 256
# Sums of more products are taken in blocks that fit the processor's first cache, and so round
# differently where it is larger. By Eigen's rule this many fit the smallest, 32 KiB.
MOST_TERMS = 288
LONG_RUN = 8  # groups, from which on a progress bar is worth its line
# On a processor: with the widest vectors that it may use, less time to run.
WIDTH = "xla_cpu_prefer_vector_width"


class Program:
    """What is compiled for one builder and plan, kept for the next call with both.

    Raises:
        InputError: a plateau rule for an optimizer that follows a schedule.
    """

    def __init__(self, build: Build, shape: tuple[int, int], plan: Plan) -> None:
        self.build, self.shape = build, shape
        self.model, optimizer, self._draw = trace_build(build, shape, plan)
        _unfold_convolutions(self.model)
        rate_index = _find_rate(optimizer)
        if plan.plateau is not None and rate_index is None:
            raise InputError(
                "a plateau rule cannot change the learning rate of an optimizer that follows a "
                "schedule; give the optimizer a number"
            )
        self.member = Member(self.model, optimizer, plan, rate_index)
        self._compiled: dict[Any, Any] = {}
        self._lock = Lock()  # groups start at once, and the first one compiles for all

    def train(
        self,
        seeds: Sequence[int],
        data: Mapping[str, tuple[Any, Any]],
        shared: Mapping[str, bool],
        stop_after: npt.NDArray[np.int32] | None = None,
    ) -> tuple[tuple[Weights, Weights], npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float32]]]:
        """Return final weights, whether each member failed, and the metrics of each epoch.

        Args:
            seeds: one per member.
            data: "train", "val" and others -> inputs and targets.
            shared: whether all members have the same of these.
            stop_after: (members,), the epoch whose weights each member keeps, counted from 1.

        Raises:
            UntraceableError: the model cannot be traced.
        """
        plan, rows = self.member.plan, data["train"][1].shape[-1]
        orders = draw_orders(plan.epochs, rows, seeds)
        axes = (0, ORDERS, {name: None if value else 0 for name, value in shared.items()})
        call = jax.vmap(partial(train_member, self.member), axes, (0, 0, HISTORY))
        with self._lock:
            weights, slots = self._draw(seeds)
        state = weights, slots, initial_state(plan, weights, len(seeds), stop_after)
        arguments = (state, orders, dict(data))
        train = self._compile(("train", *shared.items()), call, arguments, _compiler_options())
        weights, failed, history = train(*arguments)
        history = {name: np.asarray(values).T for name, values in history.items()}
        return jax.tree.map(np.asarray, weights), np.asarray(failed), history

    def predict(self, weights: tuple[Weights, Weights], inputs: Any, *, shared: bool) -> Any:  # noqa: ANN401
        """Return the outputs of the members: (members, windows, outputs)."""
        call = jax.vmap(partial(predict_member, self.model), (0, None if shared else 0))
        return np.asarray(
            self._compile(("predict", shared), call, (weights, inputs))(weights, inputs)
        )

    def _compile(
        self,
        name: tuple[Any, ...],
        call: Callable[..., Tree],
        arguments: tuple[Tree, ...],
        options: dict[str, int] | None = None,
    ) -> Callable[..., Tree]:
        """Return a function compiled for arrays of such shapes, the same one for the same name."""
        leaves, structure = jax.tree.flatten(arguments)
        kind = (name, structure, tuple(leaf.shape for leaf in leaves))
        with self._lock:
            if kind not in self._compiled:
                self._compiled[kind] = self._trace(call, arguments, options)
            return self._compiled[kind]

    def _trace(
        self, call: Callable[..., Tree], arguments: tuple[Tree, ...], options: dict[str, int] | None
    ) -> Callable[..., Tree]:
        try:
            with _no_garbage_collection():
                return jax.jit(call, compiler_options=options).lower(*arguments).compile()
        except (jax.errors.JaxRuntimeError, MemoryError):
            raise
        except Exception as error:  # whatever a user's own layer does while it is traced
            raise UntraceableError(
                f"model {self.model.name!r} cannot be traced into one program "
                f"({type(error).__name__}: {str(error).strip().splitlines()[0]}); its layers "
                "must compute with keras.ops and may not branch on values"
            ) from error


make_program = lru_cache(maxsize=16)(Program)  # the same one for the same builder and plan


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


def run_in_groups(
    call: Callable[[npt.NDArray[np.intp]], Tree], members: int, describe: str = ""
) -> Tree:
    """Return what a function gives for groups of members, put together along the first axis.

    A processor core works on one group at a time. The size of a group depends on the number of
    members alone: XLA rounds differently for other shapes, and so the results are the same bytes
    on any number of cores. The last group is filled up with the last member.

    Args:
        call: positions of the members of a group -> arrays with a first axis of members.
        members: how many.
        describe: what a progress bar says; no bar if empty.
    """
    on_processor = jax.default_backend() == "cpu"
    count = -(-members // (MEMBERS_PER_CORE if on_processor else MEMBERS_PER_GPU))
    size = -(-members // count)
    groups = np.minimum(np.arange(count * size), members - 1).reshape(count, size)
    with ThreadPoolExecutor(cores() if on_processor else 1) as pool:
        done = tqdm(
            pool.map(call, groups),
            desc=describe,
            unit="group",
            file=sys.stdout,
            total=count,
            disable=not describe or count < LONG_RUN,
        )
        return jax.tree.map(lambda *parts: np.concatenate(parts)[:members], *done)


def _compiler_options() -> dict[str, int] | None:
    """Return options for XLA on a processor, unless the user has set them."""
    flags = os.environ.get("XLA_FLAGS", "")
    if jax.default_backend() != "cpu" or LEVEL in flags or WIDTH in flags:
        return None
    return {LEVEL: 2, WIDTH: 256 if "max_isa=AVX2" in flags else 512}


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


def _unfold_convolutions(model: keras.Model) -> None:
    """Make every plain Conv1D of a model compute a matrix product, with the weights it has.

    XLA turns the convolutions of many members into one grouped convolution, which is slow on a
    processor. The same sum over unfolded windows is one matrix product per member.
    """
    for layer in model._flatten_layers():  # noqa: SLF001 - the only walk into inner models
        if type(layer) is not keras.layers.Conv1D:
            continue
        if layer.groups == 1 and layer.data_format == "channels_last":
            layer.call = partial(_convolve, layer)


def _convolve(layer: keras.layers.Conv1D, inputs: Any) -> Any:  # noqa: ANN401
    """Return what the layer's own `call` does.

    (windows, rows, features) -> (windows, rows after strides and padding, filters).
    """
    (width,), (stride,), (spread,) = layer.kernel_size, layer.strides, layer.dilation_rate
    reach = (width - 1) * spread
    rows = inputs.shape[1]
    before, after = 0, 0
    if layer.padding == "causal":
        before = reach
    elif layer.padding == "same":
        missing = max(0, (-(-rows // stride) - 1) * stride + reach + 1 - rows)
        before, after = missing // 2, missing - missing // 2
    padded = ops.pad(inputs, [[0, 0], [before, after], [0, 0]])
    count = (rows + before + after - reach - 1) // stride + 1
    taps = [
        padded[:, k * spread : k * spread + (count - 1) * stride + 1 : stride] for k in range(width)
    ]
    unfolded = ops.concatenate(taps, axis=-1)  # (windows, count, width x features)
    outputs = _product(unfolded, ops.reshape(layer.kernel, (-1, layer.filters)))
    if layer.use_bias:
        outputs = outputs + layer.bias
    return outputs if layer.activation is None else layer.activation(outputs)


@jax.custom_vjp
def _product(rows: jax.Array, weights: jax.Array) -> jax.Array:
    """Return `rows @ weights`: (windows, count, inputs) @ (inputs, outputs)."""
    return rows @ weights


def _product_backwards(
    kept: tuple[jax.Array, jax.Array], gradient: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the gradients of rows and weights; the second is a sum over all rows of all windows.

    It is taken in parts of at most `MOST_TERMS` rows.
    """
    rows, weights = kept
    windows, count, _ = rows.shape
    parts = -(-windows // max(1, MOST_TERMS // count))
    pairs = zip(jnp.array_split(rows, parts), jnp.array_split(gradient, parts), strict=True)
    sums = [jnp.einsum("wci,wco->io", ours, theirs) for ours, theirs in pairs]
    return gradient @ weights.T, reduce(jnp.add, sums)


_product.defvjp(lambda rows, weights: (rows @ weights, (rows, weights)), _product_backwards)
