"""The page itself: a section for each notebook, from its record and what the runner knows."""

import json
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from coincast.files import write_atomically
from coincast.paths import BUILD, FIGS, NOTEBOOKS
from coincast.records import results
from coincast.report.page.executed import convert, environment
from coincast.report.page.tables import Table, shown, tables

__all__ = ["FRESH", "Record", "write_page"]

FRESH = "fresh"


@dataclass(frozen=True)
class Record:
    """What the runner knows of a notebook.

    Attributes:
        name: of the notebook, for example "02_ethereum_lstm".
        state: "fresh", or why its results are not: "stale: the code changed".
        seconds: how long its last run took; None if that is not known.
        peak_gib: how much memory that took at most; likewise.
        gpus: how busy each NVIDIA GPU was meanwhile, a line each.
    """

    name: str
    state: str
    seconds: float | None = None
    peak_gib: float | None = None
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; `size` is empty where the file cannot be read."""

    address: str
    caption: str
    size: tuple[int, int] | tuple[()]


@dataclass(frozen=True)
class Section:
    """What the page tells of one notebook, texts only."""

    record: Record
    title: str
    facts: list[tuple[str, str]]
    links: list[tuple[str, str]]  # what it is, relative address
    reading: list[str]
    figures: list[Figure]
    numbers: list[Table]
    origin: list[Table]


@dataclass(frozen=True)
class Places:
    """Where everything is; addresses are relative to the page's folder."""

    figs: Path
    build: Path
    notebooks: Path

    def address(self, path: Path) -> str:
        """Return a path as a relative address."""
        relative = os.path.relpath(path.resolve(), self.build.resolve())
        return urllib.parse.quote(relative.replace(os.sep, "/"))


def write_page(
    records: Iterable[Record],
    *,
    figs: Path = FIGS,
    build: Path = BUILD,
    notebooks: Path = NOTEBOOKS,
) -> Path:
    """Write `index.html` and a page for each executed notebook; return the first.

    Args:
        records: what the runner knows; a section for each, in this order.
        figs: folder of the figures and of the `NAME.json` behind them.
        build: folder of the executed `NAME.ipynb`, and of the pages.
        notebooks: folder of the sources.

    Raises:
        InputError: a record or a notebook is damaged, or the folder cannot be written.
    """
    places = Places(figs, build, notebooks)
    recorded = results.load(figs)
    sections = [_section(record, recorded.get(record.name, {}), places) for record in records]
    page = build / "index.html"
    template = environment().get_template("index.html.jinja")
    write_atomically(page, template.render(sections=sections, totals=_totals(sections)))
    return page


def _section(record: Record, content: Mapping[str, Any], places: Places) -> Section:
    values, provenance = content.get("values", {}), content.get("provenance", {})
    reading = values.get("reading", [])
    return Section(
        record=record,
        title=_title(places.notebooks / f"{record.name}.ipynb"),
        facts=_facts(record, provenance),
        links=_links(record.name, places),
        reading=[text for text in reading if isinstance(text, str)],
        figures=[
            _figure(places, places.figs / f"{name}.png", caption)
            for name, caption in content.get("figures", {}).items()
        ],
        numbers=tables({name: value for name, value in values.items() if name != "reading"}),
        origin=tables(_origin(provenance)),
    )


def _title(notebook: Path) -> str:
    """Return the heading that a notebook opens with, its name where it has none."""
    try:
        for cell in json.loads(notebook.read_text())["cells"]:
            first = "".join(cell["source"]).partition("\n")[0]
            if cell["cell_type"] == "markdown" and first.startswith("# "):
                return first.removeprefix("# ")
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a page for looking at must not fail over a heading
    return notebook.stem


def _facts(record: Record, provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a run cost and what it ran on, where that is known."""
    device = str(provenance.get("device", ""))
    facts = {
        "time": None if record.seconds is None else f"{record.seconds:.1f} s",
        "memory": None if record.peak_gib is None else f"{record.peak_gib:.1f} GiB",
        "trained on": "" if device.startswith("none") else device,
        "GPU": "; ".join(record.gpus),
    }
    return [(name, value) for name, value in facts.items() if value]


def _links(name: str, places: Places) -> list[tuple[str, str]]:
    """Return the files that belong to a notebook, those that are there; convert it if need be."""
    executed = places.build / f"{name}.ipynb"
    page = places.build / f"{name}.html"
    if executed.exists():
        convert(executed, page)
    files = {
        "executed notebook": page if executed.exists() else executed,
        "source": places.notebooks / f"{name}.ipynb",
        "all numbers (JSON)": places.figs / f"{name}.json",
    }
    return [(told, places.address(path)) for told, path in files.items() if path.exists()]


def _figure(places: Places, path: Path, caption: str) -> Figure:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return Figure(places.address(path), caption, picture.size)
    except (OSError, SyntaxError):
        return Figure(places.address(path), caption, ())


def _origin(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what made the numbers, hashes cut to what tells them apart."""
    code = str(provenance.get("code_version", "")).removeprefix("sha256:")
    hashes = {"code": code} | {
        part: provenance.get(f"{part}_sha256", "") for part in ("parameters", "data")
    }
    return {
        "parameters": provenance.get("parameters", {}),
        "data": [
            {name: value[:12] if name == "sha256" else value for name, value in table.items()}
            for table in provenance.get("data", [])
        ],
        "versions": provenance.get("versions", {}),
        "machine": provenance.get("machine", {}),
        "SHA-256 (first digits)": {part: text[:12] for part, text in hashes.items() if text},
    }


def _totals(sections: list[Section]) -> str:
    figures = sum(len(section.figures) for section in sections)
    fresh = sum(section.record.state == FRESH for section in sections)
    seconds = sum(section.record.seconds or 0 for section in sections)
    return (
        f"{len(sections)} notebooks, {fresh} of them fresh; {figures} figures; "
        f"{shown(round(seconds))} s together"
    )
