"""Which engine Keras runs on: chosen before Keras is first imported, then fixed."""

import os
import sys

from coincast.errors import InputError

__all__ = ["BACKENDS", "use_all_cores", "use_backend"]

BACKENDS = ("tensorflow", "jax")
DEVICE_FLAG = "--xla_force_host_platform_device_count"


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


def use_all_cores() -> None:
    """Have JAX see each core as a device, to spread an ensemble's members over; a GPU stays one.

    Call it before anything imports Keras: JAX looks at this once.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if DEVICE_FLAG not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {DEVICE_FLAG}={os.cpu_count()}".strip()
