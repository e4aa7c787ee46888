"""Whether the figures, the recorded numbers and the READMEs agree."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from coincast.errors import InputError
from coincast.records import results
from coincast.records.plain_json import json_hash
from coincast.report import readme

__all__ = ["problems"]

RERUN = "run `python3 scripts/reproduce.py`"
PROVENANCE = ("notebook", "parameters", "parameters_sha256", "data", "data_sha256")


def problems(readme_file: Path, figs: Path) -> list[str]:
    """Every disagreement in one line each; empty when all agree.

    Args:
        readme_file: the top README, with a folder `notebooks` beside it.
        figs: folder of the PNGs and of each notebook's `NN_name.json`.
    """
    try:
        recorded = results.load(figs)
        lacking = {name: _missing(content) for name, content in recorded.items()}
        if any(lacking.values()):  # the other checks read these parts
            return [f"{name}.json has no {part}; {RERUN}" for name, part in lacking.items() if part]
        return [*_record_problems(recorded), *_figure_problems(recorded, figs)] + [
            f"{path.name}: a generated part is not what was recorded; {RERUN}"
            for path, text in readme.filled(readme_file, recorded).items()
            if text != path.read_text()
        ]
    except (InputError, OSError) as error:
        return [f"{error}; {RERUN}"]


def _missing(content: object) -> str:
    """Name the first part that a record lacks, "" if it is whole."""
    record = content if isinstance(content, dict) else {}
    for part in ("values", "figures", "provenance"):
        if not isinstance(record.get(part), dict):
            return part
    return next((part for part in PROVENANCE if part not in record["provenance"]), "")


def _record_problems(recorded: readme.Recorded) -> Iterator[str]:
    for name, content in recorded.items():
        if not readme.is_default(name, content):
            yield f"{name}.json was made with parameters that are not its notebook's own; {RERUN}"
        for other, digest in content["provenance"].get("reads", {}).items():
            if other not in recorded or json_hash(recorded[other]["values"]) != digest:
                yield f"{name}.json was made from other values than {other} has recorded; {RERUN}"


def _figure_problems(recorded: readme.Recorded, figs: Path) -> Iterator[str]:
    known = {figure for content in recorded.values() for figure in content["figures"]}
    for path in sorted(figs.glob("*.png")):
        if path.stem not in known:
            yield f"{path.name} has no recorded origin; {RERUN} or delete it"
    for name, content in recorded.items():
        marks = results.figure_marks(content["provenance"])
        for figure in content["figures"]:
            yield from _mark_problems(figs / f"{figure}.png", f"{name}.json", marks)


def _mark_problems(path: Path, record: str, marks: Mapping[str, str]) -> Iterator[str]:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.load()
            found: Mapping[Any, Any] = picture.info
    except (OSError, SyntaxError, ValueError) as error:
        yield f"{path.name}, named by {record}, is missing or damaged: {error}; {RERUN}"
        return
    for mark, wanted in marks.items():
        if found.get(mark) != wanted:
            yield f"{path.name} has {mark} {str(found.get(mark))[:12]}, {record} has {wanted[:12]}"
