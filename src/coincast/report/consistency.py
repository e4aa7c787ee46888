"""Whether figures, recorded numbers and README tell the same: each disagreement in one line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from coincast.errors import InputError
from coincast.files import fill_marker
from coincast.records import results
from coincast.records.parameters import notebook_parameters
from coincast.records.plain_json import json_hash
from coincast.report import readme

__all__ = ["problems"]

Content = Mapping[str, Any]
AGAIN = "run `python3 scripts/reproduce.py`"


def problems(readme_file: Path, figs: Path, notebooks: Path) -> list[str]:
    """Return what does not fit together; empty when all does.

    Args:
        readme_file: text with the generated parts of `readme.blocks`.
        figs: folder of the PNGs and of a `NN_name.json` for each notebook.
        notebooks: folder of the notebooks that made them.
    """
    try:
        recorded = results.load(figs)
    except InputError as error:
        return [str(error)]
    lacks = {name: _missing(content) for name, content in recorded.items()}
    if any(lacks.values()):  # what hangs on them would only be told again
        return [
            f"{figs.name}/{name}.json has no {part}; {AGAIN}"
            for name, part in lacks.items()
            if part
        ]
    found = _figure_problems(recorded, figs)
    for name, content in recorded.items():
        found += _record_problems(name, content, notebooks)
    return found + _text_problems(readme_file, recorded)


def _missing(content: object) -> str:
    """Return the first thing that a record lacks, empty when it is whole."""
    record = content if isinstance(content, dict) else {}
    for part in ("values", "figures", "provenance"):
        if not isinstance(record.get(part), dict):
            return part
    wanted = ("notebook", "parameters", "parameters_sha256", "data", "data_sha256")
    return next((part for part in wanted if part not in record["provenance"]), "")


def _record_problems(name: str, content: Content, notebooks: Path) -> list[str]:
    """Return what is wrong with one record by itself and beside its notebook."""
    found, provenance, place = [], content["provenance"], f"{name}.json"
    if provenance["notebook"] != name:
        found.append(f"{place} says that {provenance['notebook']} made it; {AGAIN}")
    found += [
        f"{place}: its {part} are not those of its {part}_sha256; {AGAIN}"
        for part in ("parameters", "data")
        if provenance[f"{part}_sha256"] != json_hash(provenance[part])
    ]
    if not provenance["data"]:
        found.append(f"{place} tells no origin of its data; {AGAIN}")
    try:
        defaults = notebook_parameters(notebooks / f"{name}.ipynb")
    except InputError as error:
        return [*found, f"{place} has no notebook that it can come from: {error}"]
    if provenance["parameters"] != defaults:
        found.append(f"{place} was made with other parameters than its notebook's own; {AGAIN}")
    return found


def _figure_problems(recorded: Mapping[str, Content], figs: Path) -> list[str]:
    """Return figures without a record or with two, and those that are not what a record says."""
    found: list[str] = []
    makers: dict[str, list[str]] = {path.stem: [] for path in sorted(figs.glob("*.png"))}
    for name, content in recorded.items():
        for figure in content["figures"]:
            makers.setdefault(figure, []).append(name)
    for figure, names in makers.items():
        place = f"{figs.name}/{figure}.png"
        if not names:
            found.append(f"{place} has no recorded origin; {AGAIN} or delete it")
        elif len(names) > 1:
            found.append(f"{place} is named by {' and '.join(names)}; give each its own name")
        else:
            found += _mark_problems(figs / f"{figure}.png", recorded[names[0]], names[0])
    return found


def _mark_problems(path: Path, content: Content, name: str) -> list[str]:
    """Return how a picture's metadata differ from its record."""
    place = f"{path.parent.name}/{path.name}"
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.load()
            told = picture.info
    except FileNotFoundError:
        return [f"{place} is named by {name}.json but is not there; {AGAIN}"]
    except (OSError, SyntaxError, ValueError) as error:
        return [f"{place} is damaged: {error}; {AGAIN}"]
    return [
        f"{place} has {mark} {str(told.get(mark))[:12]}, {name}.json has {wanted[:12]}; {AGAIN}"
        for mark, wanted in results.figure_marks(content["provenance"]).items()
        if told.get(mark) != wanted
    ]


def _text_problems(readme_file: Path, recorded: Mapping[str, Content]) -> list[str]:
    """Return each generated part of the README that is not what the records give."""
    try:
        text = readme_file.read_text()
        return [
            f"{readme_file.name}: its part {marker!r} is not what was recorded; {AGAIN}"
            for marker, part in readme.blocks(recorded).items()
            if fill_marker(text, marker, part) != text
        ]
    except (InputError, OSError, KeyError, TypeError, AttributeError) as error:
        return [f"{readme_file.name} cannot be held against the records: {error}"]
