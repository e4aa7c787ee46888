"""What is set before Keras and JAX are imported."""

import os

import pytest

from coincast.models import backend

COMPILER = f"--xla_backend_extra_options={','.join(backend.COMPILER_OPTIONS)}"


@pytest.mark.parametrize(
    ("before", "gpus", "after"),
    [
        (None, [], COMPILER),
        (None, ["a GPU"], ""),
        ("--xla_dump_to=x", [], f"--xla_dump_to=x {COMPILER}"),
        (COMPILER, [], None),
    ],
)
def test_prepare_jax_adds_to_the_flags(before, gpus, after, monkeypatch):
    monkeypatch.setattr(backend, "driver_and_names", lambda: ("", gpus))
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    if before is not None:
        monkeypatch.setenv("XLA_FLAGS", before)
    backend.prepare_jax()
    assert os.environ["XLA_FLAGS"] == (before if after is None else after)
