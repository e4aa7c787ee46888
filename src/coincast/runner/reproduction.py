"""Running the notebooks: which, why, and publishing what they made.

notebooks --make_task--> tasks --task_states--> stale ones --reproduce (pool or cluster)--> results
--> figures and numbers in `out`, then the executed notebook, then its manifest
"""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from coincast.errors import InputError, did_you_mean, shown
from coincast.files import remove_unfinished, require_writable, write_atomically, write_together
from coincast.paths import BUILD, DATA, FIGS, NOTEBOOKS, PACKAGE, ROOT
from coincast.records.parameters import (
    notebook_parameters,
    read_notebook,
    read_parameters,
    runs_alone,
)
from coincast.runner import manifests
from coincast.runner.execution import Limits, Result, Task
from coincast.runner.manifests import Manifest
from coincast.runner.parameter_values import check_values

__all__ = [
    "Engine", "Outcome", "Places", "TaskState", "find_notebooks", "make_task", "output_folder",
    "reproduce", "split_readable", "task_states",
]  # fmt: skip

RESERVED = [
    NOTEBOOKS, DATA, PACKAGE.parent, ROOT / "scripts", ROOT / "tests", ROOT / ".git",
    *(BUILD / name for name in ("failures", "logs", "manifests", "runs", "svg", "work")),
]  # fmt: skip

Engine = Callable[[list[Task]], Generator[tuple[Task, Result]]]


@dataclass(frozen=True)
class Places:
    """The folders that a run writes."""

    out: Path = FIGS  # published figures and numbers
    build: Path = BUILD  # SVGs, manifests of what was made, executed notebooks, logs, failures

    @classmethod
    def of(cls, out: Path) -> "Places":
        """The folders for results in `out`, with a build folder of their own unless it is figs."""
        if out == FIGS:
            return cls()
        digest = hashlib.sha256(str(out).encode()).hexdigest()
        return cls(out, BUILD / "runs" / f"{out.name}-{digest[:8]}")

    @property
    def manifests(self) -> Path:
        """The folder of the manifests, one per notebook."""
        return self.build / "manifests"

    def path(self, name: str) -> Path:
        """Where a file that a notebook made is kept: SVGs are not for `out`, which is committed."""
        return (self.build / "svg" if name.endswith(".svg") else self.out) / name

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the build folder's lock; the system releases it however this process ends.

        Raises:
            InputError: another process holds it, or the folder cannot be written.
        """
        # A lock of the kind that `fallback_to_soft` allows would outlive a kill.
        lock = filelock.FileLock(self.build / "lock", timeout=0, fallback_to_soft=False)
        try:
            self.build.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout:
            raise InputError(
                f"another run is working in {self.build}; wait until it ends, "
                "or give this one a folder of its own with --out"
            ) from None
        except OSError as error:
            raise InputError(
                f"cannot write into {self.build}: {error.strerror}; "
                "grant the permission or free the space"
            ) from error
        try:
            self.tidy()
            yield
        finally:
            lock.release()

    def tidy(self) -> None:
        """Remove what a killed run left half-written."""
        parts = [self.build / name for name in ("manifests", "logs", "failures", "svg")]
        remove_unfinished(self.out, self.build, *parts, *([ROOT] if self.out == FIGS else []))
        shutil.rmtree(self.build / "work", ignore_errors=True)


@dataclass(frozen=True)
class TaskState:
    """A task before it runs: whether its results are up to date."""

    task: Task
    places: Places  # of its results
    reason: str  # to run it, in a few words; "" if its results are up to date
    manifest: Manifest  # what its results will depend on
    last: Manifest | None  # what those of its last run depended on, and what that took


@dataclass(frozen=True)
class Outcome:
    """What became of one task and its results."""

    task: Task
    result: Result
    problem: str = ""  # one line; "" if all went well


def output_folder(text: str) -> Path:
    """The folder for results that a command line names.

    Raises:
        InputError: it cannot be written to, or holds something else.
    """
    try:
        out = Path(text).resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        raise InputError(f"--out {shown(text)} is no folder: {error}; choose another") from error
    inside = any(folder in (out, *out.parents) for folder in RESERVED) or FIGS in out.parents
    if not text or inside or out in (ROOT, BUILD, Path(out.anchor)):
        raise InputError(
            f"--out {shown(text)} is kept for other things; choose a folder such as build/mine"
        )
    require_writable(out, "--out")
    return out


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
        InputError: not a notebook with a parameters cell, or a value that is not possible.
    """
    source = read_notebook(notebook)
    defaults = read_parameters(source, notebook.name)
    check_values(defaults | dict(parameters), defaults)
    return Task(notebook.stem, source, dict(parameters), label, limits, runs_alone(source))


def task_states(tasks: Iterable[Task], places: Places, *, fresh: bool = False) -> list[TaskState]:
    """Whether and why each task has to run, in the given order.

    Args:
        tasks: one per notebook.
        places: of their results.
        fresh: run all.
    """
    states = []
    for task in tasks:
        last = manifests.load(places.manifests / f"{task.notebook}.json")
        now = manifests.describe(task)
        reason = "asked for" if fresh else manifests.why_stale(last, now, places.path)
        states.append(TaskState(task, places, reason, now, last))
    return states


def reproduce(states: Iterable[TaskState], run: Engine) -> Iterator[Outcome]:
    """Execute the tasks that have a reason, and publish what each made as it ends.

    After a failure the task's earlier results are unchanged, and the other tasks go on. Tasks that
    measure time run last, each alone.

    Args:
        states: as `task_states` gives them.
        run: executes tasks and yields each with its result, in any order.
    """
    stale = {state.task.name: state for state in states if state.reason}
    # The longest first, so that none is left to run alone at the end; new ones may be long.
    tasks = [state.task for state in sorted(stale.values(), key=_last_seconds, reverse=True)]
    together = [task for task in tasks if not task.alone]
    for wave in (together, *([task] for task in tasks if task.alone)):
        with contextlib.closing(run(wave)) as results:
            for task, result in results:
                yield _keep(result, stale[task.name])


def _last_seconds(state: TaskState) -> float:
    return state.last["seconds"] if state.last else float("inf")


def _keep(result: Result, state: TaskState) -> Outcome:
    """Keep what a task left: its results if it succeeded, or else a report."""
    task, build = state.task, state.places.build
    try:
        write_atomically(build / "logs" / f"{task.name}.txt", result.log)
        if not result.problem:
            _publish(result, state)
        if not result.report or result.bad_input or result.status == "interrupted":
            return Outcome(task, result, result.problem)
        report = build / "failures" / f"{task.name}.txt"
        executed = report.with_suffix(".ipynb")
        write_together({report: result.report, executed: result.executed})
        return Outcome(task, result, f"{result.problem} (more in {report})")
    except InputError as error:
        return Outcome(task, result, str(error))


def _publish(result: Result, state: TaskState) -> None:
    """Put what a task made into place, the manifest last.

    Raises:
        InputError: a file cannot be written, or is another notebook's; then the earlier figures
            and numbers are still there.
    """
    task, places = state.task, state.places
    # The numbers come last: with them in place, everything is.
    names = sorted(result.made, key=lambda name: (name.endswith(".json"), name))
    for path in sorted(places.manifests.glob("*.json")):
        others = (manifests.load(path) or {}).get("outputs", {}).keys() & set(names)
        if path.stem != task.notebook and others:
            raise InputError(f"{min(others)} is made by {path.stem} already; rename one of the two")
    write_together({places.path(name): result.made[name] for name in names})
    write_atomically(places.build / f"{task.name}.ipynb", result.executed)
    manifest = json.dumps(manifests.with_result(state.manifest, result), indent=2) + "\n"
    write_atomically(places.manifests / f"{task.notebook}.json", manifest)
    for leftover in (places.build / "failures").glob(f"{task.name}.*"):
        leftover.unlink()
