"""Training many members: checks first, then group after group through one compiled program."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble.inputs import MemberWindows, find_bad_members, to_arrays
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.ensemble.program import make_program, run_in_groups
from coincast.ensemble.trained import Ensemble, MemberWarning, describe_failures
from coincast.errors import InputError

__all__ = ["train_members"]


def train_members(
    build: Build,
    train: MemberWindows,
    validation: MemberWindows,
    plan: Plan,
    seeds: Sequence[int],
    *,
    watch: Mapping[str, MemberWindows] | None = None,
    stop_after: Sequence[int] | None = None,
) -> Ensemble:
    """Train one member per seed, many at once.

    Args:
        build: (lags, features) -> uncompiled model.
        train: what the weights are fitted to, scaled; windows for all members, or one for each.
        validation: what `val_loss` is measured on after each epoch and rules look at; likewise.
        plan: settings and rules.
        seeds: one per member, for initial weights, order of the windows and dropout.
        watch: name -> further windows to measure after each epoch; no rule looks at them.
        stop_after: the epoch whose weights each member keeps, counted from 1: with the epochs that
            validation rows chose, the members can be fitted again to train and validation rows.
            All members train, and have a history, for `plan.epochs`; None keeps what the plan says.

    Returns:
        The members. A seed gives the same member whatever the others are, up to rounding.

    Raises:
        InputError: the backend is not JAX, no seeds, windows or epochs that do not fit, or a model
            that cannot be traced.

    Warns:
        MemberWarning: members whose windows or loss are NaN or infinite; the others are trained.
    """
    _check_backend()
    if not len(seeds):
        raise InputError("no seeds to train; give at least one")
    arrays = to_arrays({"train": train, "val": validation} | dict(watch or {}), len(seeds))
    lags, features = arrays["train"].inputs.shape[-2:]
    program = make_program(build, (lags, features), plan)
    shared = {name: part.shared for name, part in arrays.items()}
    stops = None if stop_after is None else _check_epochs(stop_after, plan, len(seeds))

    def train_group(members: npt.NDArray[np.intp]) -> tuple[Any, ...]:
        data = {name: part.select(members) for name, part in arrays.items()}
        own = None if stops is None else stops[members]
        return program.train([seeds[i] for i in members], data, shared, own)

    weights, failed, history = run_in_groups(train_group, len(seeds), "members")
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


def _check_epochs(stop_after: Sequence[int], plan: Plan, members: int) -> npt.NDArray[np.int32]:
    stops = np.asarray(stop_after, np.int32)
    if plan.best is not None:
        raise InputError("stop_after and a plan with best both say what to keep; use one of them")
    if stops.shape != (members,):
        raise InputError(
            f"{stops.size} epochs in stop_after for {members} seeds; give one per seed"
        )
    wrong = stops[(stops < 1) | (stops > plan.epochs)]
    if wrong.size:
        raise InputError(f"stop_after {wrong[0]} is no epoch of the plan; use 1 to {plan.epochs}")
    return stops


def _explain_failures(failed: np.ndarray, history: Mapping[str, FloatArray]) -> dict[int, str]:
    broken = ~np.isfinite(history["loss"] + history["val_loss"])  # (members, epochs)
    return {
        int(member): f"its loss is NaN or infinite from epoch {1 + int(broken[member].argmax())} on"
        for member in np.flatnonzero(failed)
    }
