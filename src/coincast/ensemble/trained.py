"""Trained members: their histories, their forecasts, each as an ordinary Keras model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble.inputs import MemberWindows, to_arrays
from coincast.ensemble.plan import FloatArray, Weights
from coincast.ensemble.program import Program, run_in_groups
from coincast.errors import InputError

__all__ = ["Ensemble", "MemberWarning", "describe_failures"]


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
        weights: each variable of the model, with a first axis of members.
        program: what trained them.
    """

    seeds: tuple[int, ...]
    history: dict[str, FloatArray]
    failures: dict[int, str]
    weights: Weights
    program: Program

    def __len__(self) -> int:
        return len(self.seeds)

    def member(self, position: int) -> keras.Model:
        """Return one member as an ordinary Keras model, which can be saved as `.keras`.

        Raises:
            InputError: there is no such member, or it failed.
        """
        if not 0 <= position < len(self):
            raise InputError(f"member {position} does not exist; use 0 to {len(self) - 1}")
        if position in self.failures:
            raise InputError(f"member {position} has no model: {self.failures[position]}")
        model = self.program.build(*self.program.shape)
        for variable, values in zip(model.variables, self.weights, strict=True):
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
            weights = self.program.separate([values[members] for values in self.weights])
            inputs, _ = arrays.select(members)
            return self.program.predict(weights, inputs, shared=arrays.shared)

        outputs = run_in_groups(predict_group, len(self)).astype(np.float64)
        outputs[list(self.failures)] = np.nan
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs


def describe_failures(failures: Mapping[int, str], seeds: Sequence[int]) -> str:
    """Return in one line which members failed."""
    told = [f"member {i} (seed {seeds[i]}): {why}" for i, why in sorted(failures.items())[:5]]
    more = f"; and {len(failures) - len(told)} more" if len(failures) > len(told) else ""
    return f"{len(failures)} of {len(seeds)} members failed: " + "; ".join(told) + more
