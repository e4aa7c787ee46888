"""Trained members: their histories, their forecasts, each as an ordinary Keras model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from coincast.ensemble.data import Given, gather
from coincast.ensemble.member import dropout_layers
from coincast.ensemble.plan import FloatArray, Weights
from coincast.ensemble.program import Program, device_count
from coincast.errors import InputError

__all__ = ["Ensemble", "MemberWarning"]


class MemberWarning(UserWarning):
    """Some members could not be trained; the others could."""


@dataclass(frozen=True)
class Ensemble:
    """Trained members.

    Attributes:
        seeds: one a member.
        history: figure -> (members, epochs): `loss` (mean over the epoch's batches, with
            dropout), `val_loss`, `val_accuracy` where the plan asks for it, the same of each
            watched set, `learning_rate` (that of the epoch) where a rule changes it; NaN once a
            member has stopped.
        failures: member -> why it has no result.
        weights: each variable of the model, with a first axis of members.
        own: "learning_rate" and "dropout" -> (members,), where members have their own.
        program: what they were trained with.
    """

    seeds: tuple[int, ...]
    history: dict[str, FloatArray]
    failures: dict[int, str]
    weights: Weights
    own: Mapping[str, FloatArray]
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
        if "dropout" in self.own:
            for layer in dropout_layers(model):
                layer.rate = float(self.own["dropout"][position])
        return model

    def member_history(self, position: int) -> pd.DataFrame:
        """Return one member's figures as a fit's history: index `epoch` from 1."""
        table = pd.DataFrame({name: values[position] for name, values in self.history.items()})
        table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
        return table.dropna(how="all")

    def predict(self, windows: Given, *, chunk: int = 256) -> FloatArray:
        """Return every member's forecasts.

        Args:
            windows: for all members, or one for each.
            chunk: members at once.

        Returns:
            (members, windows) for a model of one output, else (members, windows, outputs);
            NaN for members that failed.
        """
        part = gather({"train": windows}, len(self)).parts["train"]
        found = []
        for members in chunks(len(self), chunk):
            weights = self.program.part([values[members] for values in self.weights])
            inputs, _ = part.of(members)
            found.append(self.program.outputs(weights, inputs, shared=part.shared))
        outputs = np.concatenate(found).astype(np.float64)[: len(self)]
        outputs[list(self.failures)] = np.nan
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs


def chunks(members: int, most: int) -> list[np.ndarray]:
    """Return the positions of the members of each chunk, all chunks of one length.

    The length is a multiple of the devices; the last chunk is filled up with its last member,
    so that every chunk runs the same compiled program. What is too much comes last.
    """
    count = -(-members // most)
    devices = device_count()
    length = -(-members // (count * devices)) * devices
    filled = np.minimum(np.arange(count * length), members - 1)
    return list(filled.reshape(count, length))


def describe(failures: Mapping[int, str], seeds: Sequence[int]) -> str:
    """Return in one line which members failed."""
    told = [f"member {i} (seed {seeds[i]}): {why}" for i, why in sorted(failures.items())[:5]]
    more = f"; and {len(failures) - len(told)} more" if len(failures) > len(told) else ""
    return f"{len(failures)} of {len(seeds)} members failed: " + "; ".join(told) + more
