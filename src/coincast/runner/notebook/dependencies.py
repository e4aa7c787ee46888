"""Notebooks that read what others have recorded: in which order, and when they cannot run."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from coincast.errors import InputError
from coincast.records import results
from coincast.runner.execution import Result, Task

__all__ = ["levels", "missing", "notices"]

COMMAND = "python3 scripts/reproduce.py"


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
