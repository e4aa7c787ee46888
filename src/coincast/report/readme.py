"""The generated parts of the READMEs: each notebook's own block, and the list of figures."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import fill_marker, write_together
from coincast.paths import NOTEBOOKS
from coincast.records import results
from coincast.records.parameters import notebook_parameters

__all__ = ["filled", "is_default", "update_readme"]

Recorded = Mapping[str, Mapping[str, Any]]


def update_readme(readme: Path, figs: Path) -> str:
    """Fill in the generated parts from the recorded results; give a line that says so.

    The text of the README is about the default study, so results of other parameters leave it as
    it is.

    Args:
        readme: the top README; that of the folder `notebooks` beside it is filled in too.
        figs: the folder with the recorded results.

    Raises:
        InputError: a record is damaged, a marker is missing, or a file cannot be written.
    """
    recorded = results.load(figs)
    for name, content in recorded.items():
        if not is_default(name, content):
            return (
                f"README.md left as it was: {figs.name}/ holds {name} with parameters of your own; "
                "`python3 scripts/reproduce.py` restores it"
            )
    write_together(dict(filled(readme, recorded)))
    return "README.md: tables and figures brought up to date"


def is_default(name: str, content: Mapping[str, Any]) -> bool:
    """Tell whether a result was recorded with the default parameters of its notebook."""
    defaults = notebook_parameters(NOTEBOOKS / f"{name}.ipynb")
    return bool(content["provenance"]["parameters"] == defaults)


def filled(readme: Path, recorded: Recorded) -> dict[Path, str]:
    """Text of both READMEs with every generated part filled in, by path.

    Raises:
        InputError: a notebook recorded a block without markers in the README, or the reverse.
    """
    text = readme.read_text()
    blocks = {name: content["readme"] for name, content in recorded.items() if "readme" in content}
    for name in sorted(blocks.keys() | set(re.findall(r"<!-- begin (\d\d_\w+) -->", text))):
        if name not in blocks:
            raise InputError(
                f"{name} recorded nothing for its block of {readme.name}; run it again"
            )
        text = fill_marker(text, name, blocks[name])
    gallery = readme.parent / "notebooks" / "README.md"
    figures = "\n".join(_figures(name, content) for name, content in recorded.items())
    return {readme: text, gallery: fill_marker(gallery.read_text(), "figures", figures)}


def _figures(notebook: str, content: Mapping[str, Any]) -> str:
    title = f"### [{notebook}]({notebook}.ipynb)\n"
    pictures = [
        f"![{caption}](../figs/{name}.png)\n*{caption}*\n"
        for name, caption in content["figures"].items()
    ]
    return "\n".join([title, *pictures])
