"""Training many members: checks first, then group after group through one compiled program.

Trained members have their histories and forecasts; each can be had as an ordinary Keras model.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble.inputs import MemberWindows, find_bad_members, to_arrays
from coincast.ensemble.plan import Build, FloatArray, Plan, Weights
from coincast.ensemble.program import Program, make_program, run_in_groups
from coincast.errors import InputError

__all__ = ["Ensemble", "MemberWarning", "train_members"]


class MemberWarning(UserWarning):
    """Some members could not be trained; the others could."""


@dataclass(frozen=True)
class Ensemble:
    """Trained members.

    Attributes:
        seeds: one per member.
        history: metric -> (members, epochs): `loss` (mean over the epoch's batches, with
            dropout), `val_loss`, `val_accuracy` if the plan asks for it, the same of each
            watched set, and `learning_rate` (that of the epoch) if a rule changes it.
        failures: member -> why it has no result.
        weights: the model's trainable and its other variables, with a first axis of members.
        program: what trained them.
    """

    seeds: tuple[int, ...]
    history: dict[str, FloatArray]
    failures: dict[int, str]
    weights: tuple[Weights, Weights]
    program: Program

    def __len__(self) -> int:
        return len(self.seeds)

    def member(self, position: int) -> keras.Model:
        """Return one member as an ordinary Keras model, which can be saved as `.keras`.

        Raises:
            InputError: it failed.
        """
        if position in self.failures:
            raise InputError(f"member {position} has no model: {self.failures[position]}")
        model = self.program.build(*self.program.shape)
        kinds = (model.trainable_variables, model.non_trainable_variables)
        for variables, weights in zip(kinds, self.weights, strict=True):
            for variable, values in zip(variables, weights, strict=True):
                variable.assign(values[position])
        return model

    def predict(self, windows: MemberWindows) -> FloatArray:
        """Return the forecasts of every member.

        Args:
            windows: for all members, or one for each.

        Returns:
            (members, windows) for a model with one output, else (members, windows, outputs);
            NaN for members that failed.
        """
        arrays = to_arrays({"train": windows}, len(self))["train"]

        def predict_group(members: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
            weights = jax.tree.map(itemgetter(members), self.weights)
            inputs, _ = arrays.select(members)
            return self.program.predict(weights, inputs, shared=arrays.shared)

        outputs = run_in_groups(predict_group, len(self)).astype(np.float64)
        outputs[list(self.failures)] = np.nan
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs


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
        stop_after: one per seed, the epoch whose weights it keeps, from 1: with the epochs that
            validation rows chose, the members can be fitted again to train and validation rows.
            All members train, and have a history, for `plan.epochs`; None keeps what the plan says.

    Returns:
        The members. A seed gives the same member whatever the others are, up to rounding.

    Raises:
        InputError: the backend is not JAX, no seeds, windows that do not fit, an epoch outside the
            plan, or a model that cannot be traced.

    Warns:
        MemberWarning: members whose windows or loss are NaN or infinite; the others are trained.
    """
    if keras.backend.backend() != "jax":
        raise InputError(
            f"ensembles need Keras's JAX backend, but Keras runs on {keras.backend.backend()!r}; "
            "set the environment variable KERAS_BACKEND=jax before anything imports keras"
        )
    if not len(seeds):
        raise InputError("no seeds to train; give at least one")
    arrays = to_arrays({"train": train, "val": validation} | dict(watch or {}), len(seeds))
    lags, features = arrays["train"].inputs.shape[-2:]
    program = make_program(build, (lags, features), plan)
    shared = {name: part.shared for name, part in arrays.items()}
    stops = None if stop_after is None else np.asarray(stop_after, np.int32)
    if stops is not None and not ((stops >= 1) & (stops <= plan.epochs)).all():
        raise InputError(f"stop_after {stop_after} is no epoch of the plan; use 1 to {plan.epochs}")

    def train_group(members: npt.NDArray[np.intp]) -> tuple[Any, ...]:
        data = {name: part.select(members) for name, part in arrays.items()}
        own = None if stops is None else stops[members]
        return program.train([seeds[i] for i in members], data, shared, own)

    weights, failed, history = run_in_groups(train_group, len(seeds), "members")
    history = {name: values.astype(np.float64) for name, values in history.items()}
    failures = _explain_failures(failed, history) | find_bad_members(arrays)
    if failures:
        warnings.warn(_describe_failures(failures, seeds), MemberWarning, stacklevel=2)
    return Ensemble(tuple(seeds), history, failures, weights, program)


def _explain_failures(failed: np.ndarray, history: Mapping[str, FloatArray]) -> dict[int, str]:
    broken = ~np.isfinite(history["loss"] + history["val_loss"])  # (members, epochs)
    return {
        int(member): f"its loss is NaN or infinite from epoch {1 + int(broken[member].argmax())} on"
        for member in np.flatnonzero(failed)
    }


def _describe_failures(failures: Mapping[int, str], seeds: Sequence[int]) -> str:
    """Return in one line which members failed."""
    told = [f"member {i} (seed {seeds[i]}): {why}" for i, why in sorted(failures.items())[:5]]
    more = f"; and {len(failures) - len(told)} more" if len(failures) > len(told) else ""
    return f"{len(failures)} of {len(seeds)} members failed: " + "; ".join(told) + more
