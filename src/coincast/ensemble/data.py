"""Windows of one or of each member as the arrays of a program, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import Windows
from coincast.errors import InputError

__all__ = ["Data", "Given", "Part", "bad_members", "gather"]

Given = Windows | Sequence[Windows]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """Inputs and targets that all members share or, with a first axis of members, their own."""

    inputs: Float32
    targets: Float32
    shared: bool

    @property
    def rows(self) -> int:
        """Return how many windows a member has."""
        return int(self.targets.shape[-1])

    def of(self, members: npt.NDArray[np.intp]) -> tuple[Float32, Float32]:
        """Return inputs and targets of some members."""
        if self.shared:
            return self.inputs, self.targets
        return self.inputs[members], self.targets[members]


@dataclass(frozen=True)
class Data:
    """All windows of a run: "train", "val" and whatever else is watched."""

    parts: Mapping[str, Part]

    @property
    def shape(self) -> tuple[int, int]:
        """Return lags and features."""
        lags, features = self.parts["train"].inputs.shape[-2:]
        return lags, features

    @property
    def shared(self) -> dict[str, bool]:
        """Return which parts all members share."""
        return {name: part.shared for name, part in self.parts.items()}

    def of(self, members: npt.NDArray[np.intp]) -> dict[str, tuple[Float32, Float32]]:
        """Return the arrays that some members need."""
        return {name: part.of(members) for name, part in self.parts.items()}


def gather(given: Mapping[str, Given], members: int) -> Data:
    """Return the windows as arrays.

    Args:
        given: name -> windows for all, or one of the same length for each member.
        members: how many.

    Raises:
        InputError: not one for each member, unequal or no rows, unequal windows, or a value
            that is no number in windows that all members share.
    """
    data = Data({name: _part(name, windows, members) for name, windows in given.items()})
    for name, part in data.parts.items():
        found = part.inputs.shape[-2:]
        if found != data.shape:
            raise InputError(
                f"{name} windows are {found[0]} x {found[1]} (lags x features) but train windows "
                f"{data.shape[0]} x {data.shape[1]}; make them alike"
            )
    return data


def bad_members(data: Data) -> dict[int, str]:
    """Return the members whose own windows hold a value that is no number, and where."""
    found: dict[int, str] = {}
    for name, part in data.parts.items():
        if not part.shared:
            for member in np.flatnonzero(~_finite(part)):
                found.setdefault(int(member), f"its {name} windows hold a value that is no number")
    return found


def _part(name: str, given: Given, members: int) -> Part:
    if isinstance(given, Windows):
        part = Part(_float32(given.inputs), _float32(given.targets), shared=True)
        if not _finite(part).all():
            raise InputError(
                f"the {name} windows hold a value that is no number, so no member can use them; "
                "drop or fill those rows"
            )
    else:
        part = _stacked(name, given, members)
    if not part.rows:
        raise InputError(f"the {name} windows are empty; use a longer period")
    return part


def _stacked(name: str, given: Sequence[Windows], members: int) -> Part:
    if len(given) != members:
        raise InputError(
            f"{len(given)} {name} windows for {members} seeds; give one for all or one a seed"
        )
    first = given[0].inputs.shape
    for member, windows in enumerate(given):
        if windows.inputs.shape != first:
            raise InputError(
                f"member {member} has {name} windows of shape {windows.inputs.shape}, member 0 of "
                f"{first}; members of one program need the same number of rows: cut the longer "
                "ones, or train them in two calls"
            )
    inputs = _float32(np.stack([windows.inputs for windows in given]))
    return Part(inputs, _float32(np.stack([w.targets for w in given])), shared=False)


def _float32(values: npt.ArrayLike) -> Float32:
    return np.asarray(values, np.float32)


def _finite(part: Part) -> npt.NDArray[np.bool_]:
    """Return whether all values are finite: one answer for all, or one for each member."""
    members = 1 if part.shared else len(part.inputs)
    flat = np.hstack([part.inputs.reshape(members, -1), part.targets.reshape(members, -1)])
    return np.asarray(np.isfinite(flat).all(axis=1))
