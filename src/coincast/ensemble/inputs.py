"""Windows as the arrays that a compiled program takes, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coincast.datasets.windows import Windows
from coincast.errors import InputError

__all__ = ["MemberArrays", "MemberWindows", "find_bad_members", "to_arrays"]

MemberWindows = Windows | Sequence[Windows]  # for all members, or one for each
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class MemberArrays:
    """Inputs and targets of the members.

    Attributes:
        inputs: (windows, lags, features); with a first axis of members unless shared.
        targets: (windows,); likewise.
        shared: whether all members have the same.
    """

    inputs: Float32
    targets: Float32
    shared: bool

    def select(self, members: npt.NDArray[np.intp]) -> tuple[Float32, Float32]:
        """Return inputs and targets of some members."""
        if self.shared:
            return self.inputs, self.targets
        return self.inputs[members], self.targets[members]

    @property
    def is_finite(self) -> npt.NDArray[np.bool_]:
        """Return whether all values are finite: (1,) if shared, else (members,)."""
        members = 1 if self.shared else len(self.inputs)
        flat = np.hstack([self.inputs.reshape(members, -1), self.targets.reshape(members, -1)])
        return np.asarray(np.isfinite(flat).all(axis=1))


def to_arrays(windows: Mapping[str, MemberWindows], members: int) -> dict[str, MemberArrays]:
    """Return windows as arrays.

    Args:
        windows: name -> windows for all members, or one of the same length for each.
        members: how many.

    Raises:
        InputError: too few or too many windows, unequal lengths or shapes, no rows, or NaN or
            infinity in windows that all members share.
    """
    arrays = {name: _to_arrays(name, given, members) for name, given in windows.items()}
    first, *others = arrays
    lags, features = arrays[first].inputs.shape[-2:]
    for name in others:
        found = arrays[name].inputs.shape[-2:]
        if found != (lags, features):
            raise InputError(
                f"{name} windows are {found[0]} x {found[1]} (lags x features) but {first} windows "
                f"are {lags} x {features}; use the same lags and features"
            )
    return arrays


def find_bad_members(arrays: Mapping[str, MemberArrays]) -> dict[int, str]:
    """Return the members whose own windows hold NaN or infinity, and the reason for each."""
    found: dict[int, str] = {}
    for name, part in arrays.items():
        for member in [] if part.shared else np.flatnonzero(~part.is_finite):
            found.setdefault(int(member), f"its {name} windows hold NaN or infinity")
    return found


def _to_arrays(name: str, given: MemberWindows, members: int) -> MemberArrays:
    if isinstance(given, Windows):
        inputs, targets = given.inputs.astype(np.float32), given.targets.astype(np.float32)
        part = MemberArrays(inputs, targets, shared=True)
        if not part.is_finite.all():
            raise InputError(f"the {name} windows hold NaN or infinity; drop or fill those rows")
    else:
        part = _stack(name, given, members)
    if not part.targets.shape[-1]:
        raise InputError(f"the {name} windows are empty; use a longer period")
    return part


def _stack(name: str, given: Sequence[Windows], members: int) -> MemberArrays:
    if len(given) != members:
        raise InputError(
            f"{len(given)} {name} windows for {members} seeds; give one for all or one per seed"
        )
    first = given[0].inputs.shape
    for member, windows in enumerate(given):
        if windows.inputs.shape != first:
            raise InputError(
                f"{name} windows of member {member} have shape {windows.inputs.shape}, those of "
                f"member 0 {first}; cut them to one length, or train the members in two calls"
            )
    inputs = np.stack([windows.inputs for windows in given]).astype(np.float32)
    targets = np.stack([windows.targets for windows in given]).astype(np.float32)
    return MemberArrays(inputs, targets, shared=False)
