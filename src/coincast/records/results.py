"""A notebook's figures and numbers, written with where they came from, and read back."""

import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from coincast.errors import InputError
from coincast.files import write_atomically, write_together
from coincast.paths import (
    BUILD,
    FIGS,
    NOTEBOOKS,
    NOTEBOOKS_VARIABLE,
    OUTPUT_VARIABLE,
    READS_VARIABLE,
)
from coincast.records import machine, used_code
from coincast.records.parameters import notebook_parameters, notebooks_read, without_passwords
from coincast.records.plain_json import json_hash, parse_json, to_plain

if TYPE_CHECKING:  # slow to import for a command that only reads results
    from matplotlib.figure import Figure

__all__ = [
    "figure_marks", "find_record", "is_outdated", "load", "output_folder", "parameters", "png",
    "read", "record", "svg", "values_hash",
]  # fmt: skip


def output_folder() -> Path:
    """Where figures and numbers go: the runner's choice, or `build/figs` in Jupyter.

    So trying things out in Jupyter never changes the committed figures.
    """
    return Path(os.environ.get(OUTPUT_VARIABLE) or BUILD / "figs")


def _notebook_path(notebook: str) -> Path:
    """Source of a notebook: the runner's copy, or the one in `notebooks/` in Jupyter."""
    return Path(os.environ.get(NOTEBOOKS_VARIABLE) or NOTEBOOKS) / f"{notebook}.ipynb"


def parameters(notebook: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a running notebook's parameters, defaults or not.

    Args:
        notebook: its name without folder and ending, for example "02_ethereum_lstm".
        namespace: `globals()` of the notebook.
    """
    return {name: namespace[name] for name in notebook_parameters(_notebook_path(notebook))}


def record(
    notebook: str,
    *,
    values: Mapping[str, Any],
    figures: "Mapping[str, tuple[Figure, str]]",
    parameters: Mapping[str, Any],
    prices: Iterable[pd.DataFrame | pd.Series],
    device: str = "none: nothing is trained",
    readme: str = "",
) -> dict[str, Any]:
    """Write a notebook's figures and `{notebook}.json` into `output_folder()`.

    Args:
        notebook: its name, for example "02_ethereum_lstm".
        values: what its text and the README may quote; numbers, texts, dicts and lists of them.
        figures: name -> (figure, caption); each becomes `{name}.png` and `{name}.svg`.
        parameters: as `parameters()` gives them; a password in an address is left out.
        prices: every table or series used, for its origin: it is in their `attrs`.
        device: what trained the models.
        readme: the notebook's own part of the README, in Markdown, without markers.

    Returns:
        What the JSON holds: values, figures (captions), readme if there is one, provenance.
        It is the same in every run on one machine; the runner keeps seconds and memory.

    Raises:
        InputError: a file cannot be written.
        ValueError, TypeError: JSON cannot hold a value; no JSON is written then.
    """
    folder = output_folder()
    provenance = _provenance(notebook, parameters, prices, device)
    for name, (figure, _) in figures.items():
        marks = figure_marks(provenance)
        drawn = {"png": png(figure, marks), "svg": svg(figure, marks)}
        write_together({folder / f"{name}.{kind}": content for kind, content in drawn.items()})
    content = {
        "values": to_plain(values),
        "figures": {name: caption for name, (_, caption) in figures.items()},
        **({"readme": readme} if readme else {}),
        "provenance": provenance,
    }
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_atomically(folder / f"{notebook}.json", text)
    return content


def _provenance(
    notebook: str,
    parameters: Mapping[str, Any],
    prices: Iterable[pd.DataFrame | pd.Series],
    device: str,
) -> dict[str, Any]:
    """Everything that made the numbers, our code by a hash of what the notebook uses.

    Nothing here differs between machines; what does stands in the runner's manifest.

    The commit's name would not do: the figures are part of the commit that they would name.
    """
    origins = [without_passwords(_origin(table)) for table in prices]
    used = without_passwords(parameters)
    text = _notebook_path(notebook).read_text(encoding="utf-8")
    read = notebooks_read(text, notebook)
    return {
        "notebook": notebook,
        "parameters": used,
        "parameters_sha256": json_hash(used),
        "data": origins,
        "data_sha256": json_hash(origins),
        "code_version": _code_version(text, parameters),
        **({"reads": {name: values_hash(_record_of(name), name) for name in read}} if read else {}),
        "versions": {name: metadata.version(name) for name in ("coincast", *machine.LIBRARIES)},
        "device": device,
    }


def _code_version(text: str, parameters: Mapping[str, Any]) -> str:
    code = used_code.used_code(text, parameters.get("source", "bundled"))
    return f"sha256:{json_hash([used_code.notebook_hash(text), code])}"


def _origin(prices: pd.DataFrame | pd.Series) -> dict[str, Any]:
    """Where a table of prices came from, its period and its number of rows."""
    days = {"first_day": prices.index[0], "last_day": prices.index[-1]}
    return dict(prices.attrs) | to_plain(days) | {"rows": len(prices)}


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Every recorded JSON of a folder by notebook name, in the notebooks' order.

    Raises:
        InputError: a file is damaged.
    """
    recorded = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.json")):
        try:
            recorded[path.stem] = parse_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is damaged: {error}; run that notebook again") from error
    return recorded


def read(notebook: str) -> dict[str, Any]:
    """The values that another notebook has recorded.

    In a run they are those of the run's own output folder, or else the committed ones, and only of
    notebooks that the reading notebook's metadata name: `"coincast": {"reads": ["01_prices"]}`. In
    Jupyter they are those of `build/figs`, or else the committed ones.

    Args:
        notebook: its name, for example "02_ethereum_lstm".

    Raises:
        InputError: it has recorded nothing, the metadata don't name it, or its record is damaged.
    """
    text = _record_of(notebook)
    values_hash(text, notebook)  # refuses a damaged one
    values: dict[str, Any] = parse_json(text)["values"]
    return values


def _record_of(notebook: str) -> str:
    """Text of what another notebook has recorded."""
    given = os.environ.get(READS_VARIABLE)
    text = find_record(notebook, *([Path(given)] if given else [output_folder(), FIGS]))
    if not text:
        raise InputError(
            f"{notebook} has no recorded values to read; run it, and name it in the metadata of "
            f'this notebook: "coincast": {{"reads": ["{notebook}"]}}'
        )
    return text


def find_record(notebook: str, *folders: Path) -> str:
    """Text of a notebook's JSON in the first of some folders that has it; "" if none has.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    for path in (folder / f"{notebook}.json" for folder in folders):
        if path.is_file():
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise _damaged(notebook, error) from error
    return ""


def values_hash(text: str, notebook: str) -> str:
    """Hash of the values in the text of a notebook's JSON; "none" for the text "".

    Raises:
        InputError: the text is damaged.
    """
    try:
        return json_hash(parse_json(text)["values"]) if text else "none"
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(notebook, error) from error


def _damaged(notebook: str, error: Exception) -> InputError:
    return InputError(f"{notebook}.json is damaged: {error!r}; run that notebook again")


def is_outdated(text: str, notebook: str) -> bool:
    """Whether a notebook's JSON was recorded with other cells or code than there are now."""
    path = _notebook_path(notebook)
    try:
        recorded = parse_json(text)["provenance"]
        now = _code_version(path.read_text(encoding="utf-8"), recorded["parameters"])
        return bool(now != recorded["code_version"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return True  # nothing says that it is not


def figure_marks(provenance: Mapping[str, Any]) -> dict[str, str]:
    """What a figure's PNG says of its origin: keyword -> text."""
    return {
        "Notebook": provenance["notebook"],
        "Parameters-SHA256": provenance["parameters_sha256"],
        "Data-SHA256": provenance["data_sha256"],
    }


def png(figure: "Figure", marks: Mapping[str, str]) -> bytes:
    """A figure as PNG with such marks, without the software's name, which changes its bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None, **marks})
    return buffer.getvalue()


def svg(figure: "Figure", marks: Mapping[str, str]) -> bytes:
    """A figure as SVG with such marks as its source, without date and software."""
    from matplotlib import rc_context  # noqa: PLC0415 - slow to import

    buffer = io.BytesIO()
    source = "; ".join(f"{keyword} {text}" for keyword, text in marks.items())
    metadata = {"Date": None, "Creator": None, "Source": source}
    # The same ids in every run; text as outlines, so that no reader needs the font.
    with rc_context({"svg.hashsalt": "coincast", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata=metadata)
    # matplotlib names clip paths after coordinates whose last bits vary from run to run.
    text = buffer.getvalue().decode()
    for number, name in enumerate(re.findall(r'<clipPath id="(\w+)"', text)):
        text = text.replace(name, f"clip{number}")
    return text.encode()
