"""Whether one notebook's files are the committed ones, and how far they are apart."""

import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["Comparison", "Difference", "FigureDifference", "compare", "digits"]

MISSING = "missing"
HASHES = ("parameters_sha256", "data_sha256")  # of the provenance; the rest is the machine's
FEWEST_DIGITS = 4  # the README prints no more; with fewer in common, numbers are different
DOUBLE_DIGITS = 15  # more do not fit into a double
LARGEST_STEP = 64  # of 255, by which antialiasing may change a pixel of the same picture
MOST_NAMED = 3  # on a line
SHORT = 40  # letters of a value on a line
NUMBER = re.compile(r"[-+]?\.?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?")  # also in a text: "(-.05 to 1,200)"


@dataclass(frozen=True)
class Difference:
    """A recorded value that is not the committed one."""

    path: str  # for example "values.test_mae.lstm"
    committed: Any  # "missing" if there was none
    found: Any  # "missing" if there is none now
    digits: int | None = None  # significant ones in common; None unless both are floats

    def __str__(self) -> str:
        """The path and both values, or the numbers that differ between two long texts."""
        pair = self.committed, self.found
        if all(isinstance(value, str) and len(value) > SHORT for value in pair):
            return f"{self.path} {_changed_numbers(*pair)}"
        return f"{self.path} {_short(self.committed)} -> {_short(self.found)}"


@dataclass(frozen=True)
class FigureDifference:
    """A figure whose bytes are not the committed ones."""

    name: str  # of the file
    note: str = ""  # why the two cannot be compared as pictures; "" if they can
    largest: int = 0  # absolute difference of a pixel, of 255
    mean: float = 0.0  # of these differences over all pixels

    def __str__(self) -> str:
        """The file's name, and how far the pictures are apart."""
        pixels = f"pixels differ by {self.largest} of 255 at most, {self.mean:.2g} on average"
        return f"{self.name} ({self.note or (pixels if self.largest else 'same pixels')})"


@dataclass(frozen=True)
class Comparison:
    """What one notebook gave against what is committed."""

    notebook: str
    status: str  # "identical", "digits", "different" or "failed"
    digits: int | None = None  # the fewest in common; None if no float differs, or not only floats
    differing: tuple[Difference, ...] = ()  # those that differ most first
    figures: tuple[FigureDifference, ...] = ()
    readme: str = ""  # what changes in the README's block: "0.598 -> 0.619"
    on_gpu: bool = False  # trained there, so that digits are all that can be asked for
    problem: str = ""  # of a notebook that failed
    seconds: float = 0.0
    peak_gib: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the notebook counts as reproduced."""
        return self.status == "identical" or (self.on_gpu and self.status == "digits")

    @property
    def line(self) -> str:
        """The result in one line, without the notebook's name."""
        if self.status in ("identical", "failed"):
            return self.status if self.passed else f"failed: {self.problem}"
        figures = _most([*map(str, self.figures)])
        if self.status == "digits":
            same = f"{self.digits} significant digits" if self.digits else ""
            parts = [f"the same to {same}" if same else "the same numbers"]
            return "; ".join(parts + [f"pictures of other bytes: {figures}"] * bool(figures))
        readme = f"README: {self.readme}" if self.readme else "no number in the README changes"
        values = _most([*map(str, self.differing)])
        return "different: " + "; ".join(filter(None, [values, figures, readme]))


def compare(notebook: str, committed: Mapping[str, bytes], made: Mapping[str, bytes]) -> Comparison:
    """Compare the files of one notebook.

    Args:
        notebook: its name, for example "02_ethereum_lstm".
        committed: file name -> content, of its PNGs and its JSON.
        made: the same of what it made now.
    """
    before, now = (_record(files.get(f"{notebook}.json", b"")) for files in (committed, made))
    differing = sorted(_differences(_counted(before), _counted(now)), key=_distance)
    names = sorted(name for name in committed.keys() | made.keys() if name.endswith(".png"))
    unequal = [name for name in names if committed.get(name) != made.get(name)]
    figures = [_compare_figure(name, committed.get(name), made.get(name)) for name in unequal]
    readme = _readme_change(before, now)
    status = _status(differing, figures, readme)
    fewest = min((change.digits or 0 for change in differing), default=None)
    return Comparison(
        notebook,
        status,
        fewest if status == "digits" else None,
        tuple(differing),
        tuple(figures),
        readme,
        str(_counted(now, "device")["provenance"].get("device")).startswith("GPU"),
    )


def _status(differing: list[Difference], figures: list[FigureDifference], readme: str) -> str:
    if not differing and not figures and not readme:
        return "identical"
    close = all((change.digits or 0) >= FEWEST_DIGITS for change in differing)
    alike = all(not figure.note and figure.largest <= LARGEST_STEP for figure in figures)
    return "digits" if close and alike and not readme else "different"


def _record(content: bytes) -> dict[str, Any]:
    """A notebook's JSON; empty if it is missing or damaged, so that all its values are missing."""
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError):
        return {}


def _counted(record: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """What of a record has to be the same, and these `keys` of its provenance."""
    provenance = dict(record.get("provenance", {}))
    known = {key: provenance[key] for key in keys or HASHES if key in provenance}
    parts = {part: record[part] for part in ("values", "figures") if part in record}
    return parts | {"provenance": known}


def _differences(committed: Any, found: Any, path: str = "") -> Iterator[Difference]:  # noqa: ANN401
    """Every value that differs between two pieces of JSON."""
    if isinstance(committed, dict) and isinstance(found, dict):
        for key in committed | found:
            pair = committed.get(key, MISSING), found.get(key, MISSING)
            yield from _differences(*pair, f"{path}.{key}".lstrip("."))
    elif isinstance(committed, list) and isinstance(found, list):
        for index, pair in enumerate(zip_longest(committed, found, fillvalue=MISSING)):
            yield from _differences(*pair, f"{path}.{index}")
    elif type(committed) is not type(found) or committed != found:
        floats = isinstance(committed, float) and isinstance(found, float)
        same = digits(committed, found) if floats else None
        yield Difference(path, _summary(committed), _summary(found), same)


def _summary(value: Any) -> Any:  # noqa: ANN401
    """A single value, or how many a list or dict has."""
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, list | dict) else value


def _distance(change: Difference) -> tuple[int, float, str]:
    """A key that sorts what differs most to the front: no pair, numbers, then texts about them."""
    pair = change.committed, change.found
    if all(isinstance(value, int | float) for value in pair):
        return 1, -_relative(*pair), change.path
    changed_text = all(isinstance(value, str) and value != MISSING for value in pair)
    return 2 if changed_text else 0, 0.0, change.path


def _relative(one: float, other: float) -> float:
    largest = max(abs(one), abs(other))
    return abs(one - other) / largest if largest else 0.0  # 0 and 0.0 differ as JSON


def digits(one: float, other: float) -> int:
    """Significant digits that two different numbers have in common.

    >>> digits(0.598, 0.619), digits(0.0527032, 0.0527033)
    (1, 5)
    """
    return math.floor(min(DOUBLE_DIGITS, max(0.0, -math.log10(_relative(one, other)))))


def _compare_figure(name: str, committed: bytes | None, made: bytes | None) -> FigureDifference:
    """Compare two PNGs of different bytes as pictures."""
    if committed is None or made is None:
        return FigureDifference(name, MISSING if made is None else "not committed")
    try:
        before, now = _pixels(committed), _pixels(made)
    except (OSError, SyntaxError, ValueError):
        return FigureDifference(name, "damaged")
    if before.shape != now.shape:
        sizes = [f"{width} x {height}" for height, width, _ in (now.shape, before.shape)]
        return FigureDifference(name, f"{sizes[0]} pixels, not {sizes[1]}")
    apart = np.abs(before - now).max(axis=2)  # (height, width)
    return FigureDifference(name, largest=int(apart.max()), mean=float(apart.mean()))


def _pixels(content: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    """A PNG as an array of shape (height, width, 4)."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=np.int16)


def _readme_change(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What changes in the notebook's block of the README; "" if nothing does."""
    texts = str(before.get("readme", "")), str(now.get("readme", ""))
    return _changed_numbers(*texts) if texts[0] != texts[1] else ""


def _changed_numbers(before: str, now: str) -> str:
    """The numbers that differ between two texts.

    >>> _changed_numbers("right: 0.598 of 97", "right: 0.619 of 97")
    '0.598 -> 0.619'
    >>> _changed_numbers("all 97", "all of 97")
    'other text, the same numbers'
    """
    numbers = NUMBER.findall(before), NUMBER.findall(now)
    if numbers[0] == numbers[1]:
        return "other text, the same numbers"
    if len(numbers[0]) != len(numbers[1]):
        return f"{len(numbers[0])} numbers -> {len(numbers[1])} numbers"
    pairs = zip(*numbers, strict=True)
    return _most([f"{one} -> {other}" for one, other in pairs if one != other])


def _short(value: Any) -> str:  # noqa: ANN401
    text = str(value)
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."


def _most(parts: list[str]) -> str:
    """The first few parts, and how many more there are."""
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    return ", ".join(parts[:MOST_NAMED]) + more
