"""The numbers and pictures of a notebook, written with where they came from, and read back."""

import hashlib
import io
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from coincast.errors import InputError
from coincast.files import write_atomically
from coincast.paths import BUILD, NOTEBOOKS
from coincast.records.machine import summary
from coincast.records.parameters import notebook_parameters
from coincast.records.surroundings import NOTEBOOKS_VARIABLE, OUTPUT_VARIABLE, VERSIONED
from coincast.records.used_code import code_cells, used_files

__all__ = [
    "code_version",
    "data_hash",
    "figure_marks",
    "load",
    "output_folder",
    "parameters",
    "parameters_hash",
    "record",
]


def output_folder() -> Path:
    """Return where figures and numbers go: the runner's choice, `build/figs` in Jupyter.

    So trying things out in Jupyter never changes the committed figures.
    """
    return Path(os.environ.get(OUTPUT_VARIABLE) or BUILD / "figs")


def notebook_path(notebook: str) -> Path:
    """Return where the source of a notebook is: the runner's copy, `notebooks/` in Jupyter."""
    return Path(os.environ.get(NOTEBOOKS_VARIABLE) or NOTEBOOKS) / f"{notebook}.ipynb"


def parameters(notebook: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a running notebook's parameters have, defaults or not.

    Args:
        notebook: its name without folder and ending, for example "02_ethereum_lstm".
        namespace: `globals()` of the notebook.
    """
    return {name: namespace[name] for name in notebook_parameters(notebook_path(notebook))}


def record(
    notebook: str,
    *,
    values: Mapping[str, Any],
    figures: Mapping[str, tuple[Figure, str]],
    parameters: Mapping[str, Any],
    prices: Iterable[pd.DataFrame],
    device: str = "none: nothing is trained",
    readme: str = "",
) -> dict[str, Any]:
    """Write a notebook's figures and `{notebook}.json` into `output_folder()`.

    Args:
        notebook: its name, for example "02_ethereum_lstm".
        values: what its text and the README may quote; numbers, texts, dicts and lists of them.
        figures: name -> (figure, caption); each becomes `{name}.png`.
        parameters: as `parameters()` gives them.
        prices: every table used, for its origin.
        device: what trained the models.
        readme: the notebook's own block of the README, in Markdown; empty if it has none.

    Returns:
        What the JSON holds: values, figures (captions), provenance. Nothing in it changes
        from run to run on one machine; how long a run took is told by the runner.
    """
    folder = output_folder()
    origins = [_origin(table) for table in prices]
    provenance = {
        "notebook": notebook,
        "parameters": dict(parameters),
        "parameters_sha256": parameters_hash(parameters),
        "data": origins,
        "data_sha256": data_hash(origins),
        "code_version": code_version(notebook),
        "versions": {"python": platform.python_version()}
        | {name: metadata.version(name) for name in ("coincast", *VERSIONED)},
        "device": device,
        "machine": summary(),
    }
    for name, (figure, _) in figures.items():
        write_atomically(folder / f"{name}.png", picture(figure, figure_marks(provenance)))
    content = {
        "values": _plain(values),
        "figures": {name: caption for name, (_, caption) in figures.items()},
        **({"readme": readme} if readme else {}),
        "provenance": provenance,
    }
    write_atomically(
        folder / f"{notebook}.json", json.dumps(content, indent=2, allow_nan=False) + "\n"
    )
    return content


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Return every recorded JSON of a folder by notebook name, in the notebooks' order.

    Raises:
        InputError: a file is damaged.
    """
    recorded = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.json")):
        try:
            recorded[path.stem] = json.loads(path.read_text())
        except ValueError as error:
            raise InputError(f"{path} is damaged: {error}; run that notebook again") from error
    return recorded


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    """Return the SHA-256 of parameters, whatever their order, in hexadecimal.

    >>> parameters_hash({"lags": 4, "seed": 1}) == parameters_hash({"seed": 1, "lags": 4})
    True
    """
    return _canonical_hash(dict(parameters))


def data_hash(origins: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of where prices came from: tables in their order, facts in any."""
    return _canonical_hash([dict(origin) for origin in origins])


def _canonical_hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def figure_marks(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return what the PNG of a figure tells of itself, as keyword and text, by its provenance."""
    return {
        "Notebook": provenance["notebook"],
        "Parameters-SHA256": provenance["parameters_sha256"],
        "Data-SHA256": provenance["data_sha256"],
    }


def code_version(notebook: str) -> str:
    """Return a hash of everything of ours that made the numbers: a notebook and what it imports.

    A commit's name would not do: the figures are part of the commit that they would name.
    """
    source = notebook_path(notebook)
    digest = hashlib.sha256()
    for path in [*used_files(code_cells(source.read_text())), source]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"sha256:{digest.hexdigest()}"


def picture(figure: Figure, marks: Mapping[str, str]) -> bytes:
    """Return a figure as PNG with such marks; without the software's name its bytes repeat."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None, **marks})
    return buffer.getvalue()


def _origin(prices: pd.DataFrame) -> dict[str, Any]:
    days = {"first_day": prices.index[0], "last_day": prices.index[-1]}
    return (
        dict(prices.attrs)
        | {name: f"{day:%Y-%m-%d}" for name, day in days.items()}
        | {"rows": len(prices)}
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any of six types
    """Return a value with tables, dates and NumPy numbers as plain JSON types."""
    if isinstance(value, pd.DataFrame):
        return {str(name): _plain(row) for name, row in value.to_dict("index").items()}
    if isinstance(value, pd.Series):
        return _plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return value.item() if hasattr(value, "item") else value
