"""What XLA is told when it compiles for a processor; other devices keep its defaults."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import jax

__all__ = ["partitioned_by_hand", "quickly", "to_train"]

Options = dict[str, int]
PARTITIONER = "jax_use_shardy_partitioner"


def to_train() -> Options | None:
    """Return options for a program that runs long: less time to compile, and a faster run.

    The last step of optimisation is 1/8 of a cold start and gains nothing; small steps take 5/6 of
    the time with the widest vectors that a processor has.
    """
    return _on_processor({"xla_backend_optimization_level": 2, "xla_cpu_prefer_vector_width": 512})


def quickly() -> Options | None:
    """Return options for a program that runs once."""
    return _on_processor({"xla_backend_optimization_level": 0})


@contextmanager
def partitioned_by_hand() -> Iterator[None]:
    """Spare XLA's newer partitioner a program that says itself what each device does: .1 s less."""
    before = jax.config.values.get(PARTITIONER)
    if before is None:  # only one partitioner left
        yield
        return
    jax.config.update(PARTITIONER, False)  # type: ignore[no-untyped-call] # noqa: FBT003
    try:
        yield
    finally:
        jax.config.update(PARTITIONER, before)  # type: ignore[no-untyped-call]


def _on_processor(options: Options) -> Options | None:
    told = os.environ.get("XLA_FLAGS", "")
    if jax.default_backend() != "cpu" or any(name in told for name in options):
        return None
    return options
