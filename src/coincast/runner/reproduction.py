"""Running the notebooks: which, why, and publishing what they made.

notebooks --make_task--> tasks --plan--> stale ones --run (pool or cluster)--> results
--publish--> figures and numbers in `out`, then the executed notebook, then its manifest
"""

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import write_atomically, write_together
from coincast.paths import BUILD, FIGS, NOTEBOOKS
from coincast.records.parameters import nearest, read_notebook, read_parameters, runs_alone
from coincast.runner import manifests
from coincast.runner.manifests import Manifest
from coincast.runner.parameter_values import check_values
from coincast.runner.tasks import Limits, Result, Task

__all__ = [
    "Engine",
    "Outcome",
    "Places",
    "Planned",
    "find_notebooks",
    "make_task",
    "plan",
    "reproduce",
]

Engine = Callable[[list[Task]], Generator[tuple[Task, Result]]]


@dataclass(frozen=True)
class Places:
    """The folders that a run writes."""

    out: Path = FIGS  # figures and numbers are published into it
    build: Path = BUILD  # manifests of what is in `out`, executed notebooks, logs, failures

    @classmethod
    def of(cls, out: Path) -> "Places":
        """Return the folders for results in `out`: each such folder has a build of its own."""
        if out == FIGS:
            return cls()
        digest = hashlib.sha256(str(out).encode()).hexdigest()
        return cls(out, BUILD / "runs" / f"{out.name}-{digest[:8]}")

    @property
    def manifests(self) -> Path:
        """Return the folder of the manifests, one a notebook."""
        return self.build / "manifests"


@dataclass(frozen=True)
class Planned:
    """A task, and what is known of it before it runs."""

    task: Task
    places: Places  # where its results are, or will be
    why: str  # it is to run, in a few words; empty when its results are up to date
    manifest: Manifest  # what its results will depend on
    seconds: float | None = None  # that it took last time
    peak_gib: float | None = None  # of memory, likewise
    gpus: tuple[str, ...] = ()  # how busy each was


@dataclass(frozen=True)
class Outcome:
    """What became of one task."""

    task: Task
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


def make_task(
    notebook: Path, parameters: Mapping[str, Any], limits: Limits, *, label: str = ""
) -> Task:
    """Return the task of executing a notebook.

    Args:
        notebook: its path; it stays as it is.
        parameters: what differs from its defaults, of the same types.
        limits: of time and memory.
        label: tells the task from others of the same notebook.

    Raises:
        InputError: no notebook with a parameters cell, or a value that cannot be.
    """
    source = read_notebook(notebook)
    defaults = read_parameters(source, notebook.name)
    check_values(defaults | dict(parameters), defaults)
    return Task(notebook.stem, source, dict(parameters), label, limits, runs_alone(source))


def plan(tasks: Iterable[Task], places: Places, *, fresh: bool = False) -> list[Planned]:
    """Return for each task whether and why it is to run, in the given order.

    Args:
        tasks: one a notebook.
        places: where the results are, or will be.
        fresh: run all.
    """
    planned = []
    for task in tasks:
        was = manifests.load(places.manifests / f"{task.notebook}.json")
        now = manifests.describe(task)
        why = "asked for" if fresh else manifests.why_stale(was, now, places.out)
        last = (was["seconds"], was["peak_gib"], tuple(was["gpus"])) if was else ()
        planned.append(Planned(task, places, why, now, *last))
    return planned


def reproduce(planned: Iterable[Planned], run: Engine) -> Iterator[Outcome]:
    """Execute what is to run and publish what each task made as it ends; yield how it went.

    After a failure the task's earlier results are as they were; the other tasks go on. Tasks that
    measure time run last, each alone.

    Args:
        planned: as `plan` gives it.
        run: executes tasks and yields each with its result, in any order.
    """
    stale = {entry.task.name: entry for entry in planned if entry.why}
    # The longest first, so that none is left to run alone at the end; unknown ones may be long.
    tasks = [entry.task for entry in sorted(stale.values(), key=_expected, reverse=True)]
    together = [task for task in tasks if not task.alone]
    for wave in (together, *([task] for task in tasks if task.alone)):
        with contextlib.closing(run(wave)) as results:
            for task, result in results:
                yield _keep(result, stale[task.name])


def _expected(entry: Planned) -> float:
    return float("inf") if entry.seconds is None else entry.seconds


def _keep(result: Result, planned: Planned) -> Outcome:
    """Keep what a task left: results if it succeeded, a report otherwise."""
    task, places = planned.task, planned.places
    try:
        write_atomically(places.build / "logs" / f"{task.name}.txt", result.log)
        if result.problem:
            return Outcome(task, result, problem=_keep_failure(task, result, places))
        return Outcome(task, result, _publish(task, result, places, planned.manifest))
    except InputError as error:
        return Outcome(task, result, problem=str(error))


def _keep_failure(task: Task, result: Result, places: Places) -> str:
    """Write a failure's report; return the line that tells of it."""
    if result.bad_input or result.status == "interrupted":
        return result.problem
    folder = places.build / "failures"
    report = folder / f"{task.name}.txt"
    write_atomically(report, result.report)
    write_atomically(report.with_suffix(".ipynb"), result.executed)
    return f"{result.problem} (more in {report})"


def _publish(task: Task, result: Result, places: Places, manifest: Manifest) -> tuple[str, ...]:
    """Put what a task made in its place, the manifest last; return the figures' names.

    Raises:
        InputError: something cannot be written, or is another notebook's; then the figures and
            numbers that were there still are.
    """
    # The numbers come last: with them in place, everything is.
    names = sorted(result.made, key=lambda name: (name.endswith(".json"), name))
    for name in names:
        if owner := _owner(name, task, places):
            raise InputError(f"{name} is made by {owner} already; rename one of the two")
    write_together({places.out / name: result.made[name] for name in names})
    write_atomically(places.build / f"{task.name}.ipynb", result.executed)
    outputs = manifests.hash_outputs(result.made)
    cost = {"seconds": result.seconds, "peak_gib": result.peak_gib, "gpus": result.gpus}
    content = manifest | {"outputs": outputs} | cost
    manifests.save(places.manifests / f"{task.notebook}.json", content)
    for leftover in (places.build / "failures").glob(f"{task.name}.*"):
        leftover.unlink()
    return tuple(name for name in names if name.endswith(".png"))


def _owner(name: str, task: Task, places: Places) -> str:
    """Return the other notebook whose results hold a file of that name, or nothing."""
    for path in sorted(places.manifests.glob("*.json")):
        if path.stem != task.notebook and name in (manifests.load(path) or {}).get("outputs", {}):
            return path.stem
    return ""
