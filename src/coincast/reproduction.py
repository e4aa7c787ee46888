"""Running the notebooks: which, with what parameters, and publishing what they made."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import write_atomically, write_together
from coincast.parameters import nearest
from coincast.paths import BUILD, FIGS, NOTEBOOKS
from coincast.pool import run_tasks
from coincast.tasks import Limits, Result, Task

__all__ = ["Outcome", "Places", "find_notebooks", "make_task", "reproduce"]


@dataclass(frozen=True)
class Places:
    """The folders that a run reads and writes."""

    notebooks: Path = NOTEBOOKS
    out: Path = FIGS  # figures and numbers are published into it
    build: Path = BUILD  # executed notebooks, failures, logs, manifests of what is in `out`


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook."""

    notebook: str
    result: Result
    figures: tuple[str, ...] = ()
    problem: str = ""  # one line; empty when all went well


def find_notebooks(names: Iterable[str] = (), folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the named notebooks in their order, all of them where none is named.

    Raises:
        InputError: a name that no notebook has.
    """
    known = {path.stem: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    wanted = [name.removesuffix(".ipynb") for name in names] or list(known)
    for name in wanted:
        if name not in known:
            raise InputError(
                f"notebook {name!r} does not exist; {nearest(name, known)}use one of "
                f"{', '.join(known)}"
            )
    return [known[name] for name in sorted(set(wanted))]


def make_task(notebook: Path, parameters: Mapping[str, Any], limits: Limits) -> Task:
    """Return the task of executing a notebook.

    Args:
        notebook: its path; it stays as it is.
        parameters: what differs from its defaults.
        limits: of time and memory.
    """
    return Task(notebook.stem, notebook.read_text(), parameters, limits=limits)


def reproduce(
    tasks: Iterable[Task],
    places: Places,
    *,
    jobs: int = 1,
    started: Callable[[Task], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Execute tasks and publish what each made as it ends; yield how it went.

    After a failure `places.out` is as it was; the other tasks go on.
    """
    with contextlib.closing(
        run_tasks(tasks, jobs, places.build / "work", started=started)
    ) as results:
        for task, result in results:
            yield _keep(task, result, places)


def _keep(task: Task, result: Result, places: Places) -> Outcome:
    """Write what a task left: into `out` if it succeeded, a report otherwise."""
    write_atomically(places.build / f"{task.name}.ipynb", result.executed)
    write_atomically(places.build / "logs" / f"{task.name}.txt", result.log)
    report = places.build / "failures" / f"{task.name}.txt"
    if result.problem:
        write_atomically(report, result.report)
        seen = "" if result.bad_input else f" (more in {report})"
        return Outcome(task.notebook, result, problem=result.problem + seen)
    report.unlink(missing_ok=True)
    # The numbers come last: with them in place, everything is.
    names = sorted(result.made, key=lambda name: (name.endswith(".json"), name))
    write_together({places.out / name: result.made[name] for name in names})
    figures = tuple(name for name in names if name.endswith(".png"))
    return Outcome(task.notebook, result, figures)
