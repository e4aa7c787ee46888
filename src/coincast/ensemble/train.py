"""Training many members: checks first, then chunk after chunk through one compiled program."""

import sys
import warnings
from collections.abc import Mapping, Sequence

import jax
import keras
import numpy as np
from tqdm import tqdm

from coincast.ensemble.inputs import MemberWindows, find_bad_members, to_arrays
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.ensemble.program import chunks, device_count, make_program
from coincast.ensemble.trained import Ensemble, MemberWarning, describe_failures
from coincast.errors import InputError

__all__ = ["train_members"]

# The members of one core should fit its cache; a GPU wants more of them.
MEMBERS_PER_CORE, MEMBERS_PER_GPU = 25, 256


def train_members(
    build: Build,
    train: MemberWindows,
    validation: MemberWindows,
    plan: Plan,
    seeds: Sequence[int],
    *,
    watch: Mapping[str, MemberWindows] | None = None,
    chunk: int | None = None,
) -> Ensemble:
    """Train one member per seed, many at once.

    Args:
        build: (lags, features) -> uncompiled model.
        train: what the weights are fitted to, scaled; windows for all members, or one for each.
        validation: what `val_loss` is measured on after each epoch and rules look at; likewise.
        plan: settings and rules.
        seeds: one per member, for initial weights, order of the windows and dropout.
        watch: name -> further windows to measure after each epoch; no rule looks at them.
        chunk: members trained at once; bounds the memory. Default: 25 per processor core, or
            256 per GPU.

    Returns:
        The members. A seed gives the same member whatever the others are, up to rounding.

    Raises:
        InputError: the backend is not JAX, no seeds, windows that do not fit, or a model that
            cannot be traced.

    Warns:
        MemberWarning: members whose windows or loss are NaN or infinite; the others are trained.
    """
    _check_backend()
    if not len(seeds):
        raise InputError("no seeds to train; give at least one")
    if chunk is None:
        per_device = MEMBERS_PER_CORE if jax.default_backend() == "cpu" else MEMBERS_PER_GPU
        chunk = device_count() * per_device
    if chunk < 1:
        raise InputError(f"chunk is {chunk}; use 1 or more")
    arrays = to_arrays({"train": train, "val": validation} | dict(watch or {}), len(seeds))
    lags, features = arrays["train"].inputs.shape[-2:]
    program = make_program(build, (lags, features), plan)
    shared = {name: part.shared for name, part in arrays.items()}
    positions = chunks(len(seeds), chunk)
    bar = tqdm(positions, desc="members", unit="chunk", file=sys.stdout, disable=len(positions) < 2)  # noqa: PLR2004
    done = []
    for members in bar:
        data = {name: part.select(members) for name, part in arrays.items()}
        done.append(program.train([seeds[i] for i in members], data, shared))
    weights, failed, history = jax.tree.map(
        lambda *parts: np.concatenate(parts)[: len(seeds)], *done
    )
    history = {name: values.astype(np.float64) for name, values in history.items()}
    failures = _explain_failures(failed, history) | find_bad_members(arrays)
    if failures:
        warnings.warn(describe_failures(failures, seeds), MemberWarning, stacklevel=2)
    return Ensemble(tuple(seeds), history, failures, weights, program)


def _check_backend() -> None:
    if keras.backend.backend() != "jax":
        raise InputError(
            f"ensembles need Keras's JAX backend, but Keras runs on {keras.backend.backend()!r}; "
            "set the environment variable KERAS_BACKEND=jax before anything imports keras"
        )


def _explain_failures(failed: np.ndarray, history: Mapping[str, FloatArray]) -> dict[int, str]:
    broken = ~np.isfinite(history["loss"] + history["val_loss"])  # (members, epochs)
    return {
        int(member): f"its loss is NaN or infinite from epoch {1 + int(broken[member].argmax())} on"
        for member in np.flatnonzero(failed)
    }
