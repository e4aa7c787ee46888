"""The backend that Keras runs on: chosen before Keras is first imported, then fixed."""

import os
import sys

from coincast.errors import InputError
from coincast.records.gpu import driver_and_names

__all__ = ["BACKENDS", "prepare_jax", "use_backend"]

BACKENDS = ("tensorflow", "jax")
COMPILER_FLAG = "--xla_backend_extra_options"
# For a processor: the steps of an ensemble are small, so starting each of them costs most.
COMPILER_OPTIONS = (
    "xla_cpu_small_while_loop_byte_threshold=100000000",  # a loop up to 100 MB is one function
    "xla_cpu_disable_tiled_emitter",  # its code compiles and runs more slowly
    "-unroll-threshold=0",  # don't unroll loops
)


def use_backend(name: str) -> None:
    """Have Keras run on TensorFlow or JAX; call it before anything imports Keras.

    Raises:
        InputError: another name, or Keras already runs on the other one.

    >>> use_backend("torch")
    Traceback (most recent call last):
    coincast.errors.InputError: backend 'torch' is unknown; use one of tensorflow, jax
    """
    if name not in BACKENDS:
        raise InputError(f"backend {name!r} is unknown; use one of {', '.join(BACKENDS)}")
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() != name:
        raise InputError(
            f"Keras already runs on {keras.config.backend()}, not {name!r}; restart the kernel"
        )
    os.environ["KERAS_BACKEND"] = name


def prepare_jax() -> None:
    """Set XLA's options for many small steps on a processor; a GPU keeps its own.

    Call it before anything imports Keras, because XLA reads `XLA_FLAGS` once. Flags that are
    already set are kept.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if COMPILER_FLAG not in flags and not driver_and_names()[1]:
        flags += f" {COMPILER_FLAG}={','.join(COMPILER_OPTIONS)}"
    os.environ["XLA_FLAGS"] = flags.strip()
