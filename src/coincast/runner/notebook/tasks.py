"""Which notebooks there are, and the task of executing one."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coincast.errors import InputError, did_you_mean, shown
from coincast.paths import NOTEBOOKS
from coincast.records.parameters import (
    notebook_parameters,
    notebooks_read,
    read_notebook,
    read_parameters,
    runs_alone,
)
from coincast.runner.execution import Limits, Task
from coincast.runner.parameter_values import check_values

__all__ = ["find_notebooks", "make_task", "split_readable"]


def find_notebooks(names: Iterable[str] = (), folder: Path = NOTEBOOKS) -> list[Path]:
    """The named notebooks in their order, or all of them if none is named.

    Raises:
        InputError: no notebook has one of the names.
    """
    known = {path.stem: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    wanted = [name.removesuffix(".ipynb") for name in names] or list(known)
    for name in wanted:
        if name not in known:
            raise InputError(
                f"notebook {shown(name)} does not exist; {did_you_mean(name, known)}use one of "
                f"{', '.join(known)}"
            )
    return [known[name] for name in sorted(set(wanted))]


def split_readable(notebooks: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The notebooks that can be parsed, and one problem for each of the others."""
    readable, problems = [], []
    for notebook in notebooks:
        try:
            notebook_parameters(notebook)
            readable.append(notebook)
        except InputError as error:
            problems.append(str(error))
    return readable, problems


def make_task(
    notebook: Path, parameters: Mapping[str, Any], limits: Limits, *, label: str = ""
) -> Task:
    """The task of executing a notebook.

    Args:
        notebook: its path; the file is not changed.
        parameters: those that differ from its defaults, of the same types.
        limits: of time and memory.
        label: distinguishes the task from others of the same notebook.

    Raises:
        InputError: not a notebook with a parameters cell, a value that is not possible, or it reads
            a notebook that does not exist.
    """
    source = read_notebook(notebook)
    defaults = read_parameters(source, notebook.name)
    check_values(defaults | dict(parameters), defaults)
    reads = dict.fromkeys(notebooks_read(source, notebook.name), "")
    known = [path.stem for path in find_notebooks(folder=notebook.parent)] if reads else []
    for name in reads:
        if name not in known:
            raise InputError(
                f"{notebook.name} reads {shown(name)}, which does not exist; "
                f"{did_you_mean(name, known)}correct `reads` in its metadata"
            )
    alone = runs_alone(source)
    return Task(notebook.stem, source, dict(parameters), label, limits, alone, reads)
