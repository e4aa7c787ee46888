"""Web pages: `build/index.html` with every figure and its numbers, and the executed notebooks."""

import json
import os
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import mistune
import pandas as pd
from PIL import Image

from coincast.errors import InputError
from coincast.files import write_atomically
from coincast.paths import BUILD, FIGS, NOTEBOOKS
from coincast.records import results
from coincast.report import verification

__all__ = ["FRESH", "Record", "export", "write_page"]

FRESH = "fresh"
TEMPLATES = Path(__file__).parent / "templates"
MAX_NUMBERS = 200  # listed per notebook; the JSON has them all


@dataclass(frozen=True)
class Record:
    """What the runner knows about a notebook and its last run."""

    name: str  # of the notebook, for example "02_ethereum_lstm"
    state: str  # "fresh", or why its results are not: "stale: the code changed"
    seconds: float | None = None  # None if unknown
    peak_gib: float | None = None  # the same
    gpus: tuple[str, ...] = ()  # how busy each NVIDIA GPU was, one line each


def write_page(
    records: Iterable[Record],
    *,
    figs: Path = FIGS,
    build: Path = BUILD,
    notebooks: Path = NOTEBOOKS,
) -> Path:
    """Write `index.html` and one page per executed notebook; give the path of the index.

    Args:
        records: one per notebook, in the order of the page.
        figs: folder of the figures and of the `NAME.json` behind them.
        build: folder of the executed `NAME.ipynb`, of `svg/` with the figures as SVG, and of
            `verification.json` if there is one; the pages go there too.
        notebooks: folder of the notebooks as committed.

    Raises:
        InputError: a record or a notebook is damaged, or the folder cannot be written.
    """
    recorded = results.load(figs)
    sections = [
        {
            "run": run,
            "title": _title(notebooks / f"{run.name}.ipynb"),
            "links": _links(run.name, figs, build, notebooks),
            **_content(recorded.get(run.name, {}), figs, build),
        }
        for run in records
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = build / "index.html"
    text = environment.get_template("index.html.jinja").render(
        sections=sections,
        fresh=FRESH,
        verification=verification.load(build / "verification.json", figs),
    )
    write_atomically(page, text)
    return page


def export(notebook: Path) -> Path:
    """Write an executed notebook as HTML beside it, unless its page is newer; give the page.

    Raises:
        InputError: the notebook cannot be read, or the page cannot be written.
    """
    page = notebook.with_suffix(".html")
    sources = [notebook, *TEMPLATES.glob("notebook/*")]
    if page.exists() and page.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return page
    from nbconvert import HTMLExporter  # noqa: PLC0415 - takes longer than writing the index

    try:
        exporter = HTMLExporter(  # type: ignore[no-untyped-call]
            template_name="notebook", extra_template_basedirs=[str(TEMPLATES)]
        )
        body, _ = exporter.from_filename(str(notebook))
    except Exception as error:  # nbconvert raises many kinds for a damaged file
        raise InputError(
            f"cannot show {notebook.name}: {type(error).__name__}; execute it again"
        ) from error
    write_atomically(page, body)
    return page


def _content(record: Mapping[str, Any], figs: Path, build: Path) -> dict[str, Any]:
    """Give what the page shows of a record: text, figures, and numbers by heading."""
    values, provenance = record.get("values", {}), record.get("provenance", {})
    # Markdown escapes any HTML in it.
    markdown = mistune.create_markdown(plugins=["table"])
    block = record.get("readme", "")
    pictures = {figs / f"{name}.png": text for name, text in record.get("figures", {}).items()}
    others = [f"- {text}" for text in values.get("reading", []) if text not in block]
    return {
        "device": provenance.get("device", ""),
        "summary": markdown("\n".join([block, "", *others])),
        "figures": [
            (caption, _address(png, build), _size(png), _vector(png.stem, build))
            for png, caption in pictures.items()
        ],
        "numbers": {"Numbers": _rows(values), "Parameters, data and versions": _rows(provenance)},
    }


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the single values of a nested dict as (path, text), with four significant digits.

    >>> _rows({"mae": {"zero": 0.0527032}, "epochs": [1, 2]})
    [('mae / zero', '0.0527')]
    """
    if not values:
        return []
    flat = pd.json_normalize(dict(values), sep=" / ").iloc[0]
    return [
        (name, f"{value:.4g}" if isinstance(value, float) else str(value))
        for name, value in flat.items()
        if not isinstance(value, list)
    ][:MAX_NUMBERS]


def _title(notebook: Path) -> str:
    """Give the heading of a notebook, or its name if it has none."""
    try:
        for cell in json.loads(notebook.read_text())["cells"]:
            first = "".join(cell["source"]).partition("\n")[0]
            if cell["cell_type"] == "markdown" and first.startswith("# "):
                return first.removeprefix("# ")
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a missing heading must not cost the whole page
    return notebook.stem


def _links(name: str, figs: Path, build: Path, notebooks: Path) -> list[tuple[str, str]]:
    """Give the files of a notebook as (text, address), after exporting it to HTML."""
    executed = build / f"{name}.ipynb"
    if executed.exists():
        export(executed)
    files = {
        "executed notebook": executed.with_suffix(".html"),
        "source": notebooks / f"{name}.ipynb",
        "all numbers (JSON)": figs / f"{name}.json",
    }
    return [(text, _address(path, build)) for text, path in files.items() if path.exists()]


def _address(path: Path, build: Path) -> str:
    relative = os.path.relpath(path.resolve(), build.resolve())
    return urllib.parse.quote(relative.replace(os.sep, "/"))


def _vector(name: str, build: Path) -> str:
    """Give the address of a figure as SVG, "" if there is none."""
    path = build / "svg" / f"{name}.svg"
    return _address(path, build) if path.is_file() else ""


def _size(path: Path) -> tuple[int, int] | None:
    """Give width and height of a PNG in pixels, None if it is missing or damaged."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return picture.size
    except (OSError, SyntaxError):
        return None
