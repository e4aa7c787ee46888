"""Running the notebooks: which, why, and publishing what they made.

notebooks --make_task--> tasks --task_states--> stale ones --reproduce (pool or cluster)--> results
--> figures and numbers in `out`, then the executed notebook, then its manifest
"""

import contextlib
import hashlib
import itertools
import json
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import filelock

from coincast.errors import InputError, shown
from coincast.files import remove_unfinished, require_writable, write_atomically, write_together
from coincast.paths import BUILD, DATA, FIGS, NOTEBOOKS, PACKAGE, ROOT
from coincast.records import results
from coincast.runner import manifests
from coincast.runner.execution import Result, Task
from coincast.runner.manifests import Manifest
from coincast.runner.notebook.tasks import levels, missing

__all__ = [
    "Engine", "Outcome", "Places", "TaskState", "output_folder", "reproduce", "task_states",
]  # fmt: skip

RESERVED = [
    NOTEBOOKS, DATA, PACKAGE.parent, ROOT / "scripts", ROOT / "tests", ROOT / ".git",
    *(BUILD / name for name in ("failures", "logs", "manifests", "runs", "svg", "work")),
]  # fmt: skip

ASKED = "asked for"
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


def task_states(tasks: Iterable[Task], places: Places, *, fresh: bool = False) -> list[TaskState]:
    """Whether and why each task has to run, in the given order.

    A task that reads what another has recorded gets it from the output folder, or else from figs.

    Args:
        tasks: one per notebook.
        places: of their results.
        fresh: run all.

    Raises:
        InputError: notebooks read each other in a circle, or a record that one reads is damaged.
    """
    tasks = list(tasks)
    states: dict[str, TaskState] = {}
    for asked in itertools.chain.from_iterable(levels(tasks)):
        reads = {name: results.find_record(name, places.out, FIGS) for name in asked.reads}
        task = replace(asked, reads=reads)
        last = manifests.load(places.manifests / f"{task.notebook}.json")
        now = manifests.describe(task)
        reason = ASKED if fresh else manifests.why_stale(last, now, places.path)
        first = [name for name in reads if name in states and states[name].reason]
        if first and not reason:
            reason = f"reads {', '.join(first)}, not up to date"
        states[task.name] = TaskState(task, places, reason, now, last)
    return [states[task.name] for task in tasks]


def reproduce(states: Iterable[TaskState], run: Engine) -> Iterator[Outcome]:
    """Execute the tasks that have a reason, and publish what each made as it ends.

    After a failure the task's earlier results are unchanged, and the other tasks go on, but for
    those that read its results. Tasks run after those that they read, if what these record has
    changed. Tasks that measure time run last, each alone.

    Args:
        states: as `task_states` gives them.
        run: executes tasks and yields each with its result, in any order.
    """
    stale = {state.task.name: state for state in states if state.reason}
    failed: dict[str, Result] = {}
    for level in levels(state.task for state in stale.values()):
        now = [_renewed(stale[task.name]) for task in level]
        for outcome in _run_level(now, run, failed):
            if outcome.problem:
                failed[outcome.task.notebook] = outcome.result
            yield outcome


def _renewed(state: TaskState) -> TaskState:
    """A task's state once what it reads has run."""
    if not state.task.reads:
        return state
    (now,) = task_states([state.task], state.places, fresh=state.reason == ASKED)
    return now


def _run_level(
    states: list[TaskState], run: Engine, failed: Mapping[str, Result]
) -> Iterator[Outcome]:
    """Execute tasks that don't read each other's results, unless what they read is missing."""
    ready: dict[str, TaskState] = {}
    for state in states:
        if blocked := missing(state.task, failed):
            yield Outcome(state.task, blocked, blocked.problem)
        elif not state.reason:
            yield Outcome(state.task, Result("up to date"))
        else:
            ready[state.task.name] = state
    # The longest first, so that none is left to run alone at the end; new ones may be long.
    tasks = [state.task for state in sorted(ready.values(), key=_last_seconds, reverse=True)]
    together = [task for task in tasks if not task.alone]
    for wave in (together, *([task] for task in tasks if task.alone)):
        with contextlib.closing(run(wave)) as ended:
            for task, result in ended:
                yield _keep(result, ready[task.name])


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
