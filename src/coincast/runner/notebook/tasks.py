"""Which notebooks there are, the task of executing one, and how tasks depend on each other."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from coincast.errors import InputError, did_you_mean, shown
from coincast.paths import NOTEBOOKS
from coincast.records import results
from coincast.records.parameters import (
    notebook_parameters,
    notebooks_read,
    read_notebook,
    read_parameters,
    runs_alone,
)
from coincast.runner.execution import Limits, Result, Task
from coincast.runner.parameter_values import check_values

__all__ = ["find_notebooks", "levels", "make_task", "missing", "notices", "split_readable"]

COMMAND = "python3 scripts/reproduce.py"


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


def levels(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Tasks in groups, each reading only what earlier groups record; the order is kept in a group.

    Raises:
        InputError: notebooks read each other in a circle.
    """
    by_name = {task.name: task for task in tasks}
    order = TopologicalSorter({name: by_name.keys() & task.reads for name, task in by_name.items()})
    try:
        order.prepare()
    except CycleError as error:
        circle = " reads ".join(reversed(error.args[1]))
        raise InputError(f"{circle}: a circle; correct `reads` in their metadata") from error
    while names := order.get_ready():
        yield [task for name, task in by_name.items() if name in names]
        order.done(*names)


def missing(task: Task, failed: Mapping[str, Result]) -> Result | None:
    """Why a task cannot run, if what it reads has failed or was never recorded.

    Args:
        task: with the records that it reads.
        failed: results of the notebooks that failed now.
    """
    if lost := [name for name in task.reads if name in failed]:
        problem = f"not run: it reads {lost[0]}, which failed"
        return Result("blocked", problem, failed[lost[0]].bad_input)
    if unknown := [name for name, text in task.reads.items() if not text]:
        problem = f"not run: it reads {unknown[0]}, which has no results; first run {COMMAND} "
        return Result("blocked", problem + " ".join(unknown), bad_input=True)
    return None


def notices(tasks: Iterable[Task]) -> Iterator[str]:
    """One line for each task that reads outdated results of notebooks that are not asked for."""
    asked = {task.notebook: task for task in tasks}
    for task in asked.values():
        others = {name: text for name, text in task.reads.items() if name not in asked and text}
        if older := [name for name, text in others.items() if results.is_outdated(text, name)]:
            told = f"{task.name} reads outdated results of {', '.join(older)}; renew them with "
            yield f"{told}{COMMAND} {' '.join(older)}"
