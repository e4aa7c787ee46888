"""Executing one notebook in processes of its own, watched from outside."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from coincast.errors import InputError, redacted
from coincast.files import write_atomically, write_together
from coincast.numerics import NUMERIC_ENVIRONMENT
from coincast.paths import (
    NOTEBOOKS,
    NOTEBOOKS_VARIABLE,
    OUTPUT_VARIABLE,
    PACKAGE,
    READS_VARIABLE,
)
from coincast.records.gpu import watch_gpu
from coincast.records.plain_json import parse_json
from coincast.runner.notebook import descendants
from coincast.runner.notebook.failures import describe_failure

__all__ = ["DETERMINISTIC_ENV", "Limits", "Result", "Task", "collect_made", "execute"]

# GPU memory is taken as needed, which leaves some for the next notebook.
DETERMINISTIC_ENV = NUMERIC_ENVIRONMENT | {
    "KERAS_BACKEND": "tensorflow",  # for a notebook that chooses none
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "JUPYTER_PREFER_ENV_PATH": "1",
}
GIB = 2**30
LOG_BYTES = 2**20  # the end of a log that is kept
WATCH_SECONDS = 0.2  # between two looks at a task's memory


@dataclass(frozen=True)
class Limits:
    """What a task may take; beyond that it is killed."""

    seconds: float = 3600.0  # wall clock
    gib: float = float("inf")  # memory of all its processes together


@dataclass(frozen=True)
class Task:
    """One notebook to execute with one set of parameters: plain data, for any machine."""

    notebook: str  # its name, for example "02_ethereum_lstm"
    source: str  # the text of the .ipynb file
    parameters: Mapping[str, Any] = field(default_factory=dict)  # those that are not defaults
    label: str = ""  # tells apart the tasks of one notebook; also a folder's name
    limits: Limits = Limits()
    alone: bool = False  # it measures time: no other task may run beside it
    reads: Mapping[str, str] = field(default_factory=dict)  # notebook -> its recorded JSON, or ""

    @property
    def name(self) -> str:
        """What messages and folders call the task: the label, or else the notebook."""
        return self.label or self.notebook


@dataclass(frozen=True)
class Result:
    """What became of a task."""

    status: str  # "finished", "failed", "died", "time", "memory" or "interrupted"
    problem: str = ""  # one line; empty if all went well
    bad_input: bool = False  # the user can fix the problem, and `problem` says how
    error: str = ""  # name of the exception, if one ended it
    seconds: float = 0.0
    peak_gib: float = 0.0  # of all its processes together
    gpus: tuple[str, ...] = ()  # how busy each NVIDIA GPU was, one line each
    made: Mapping[str, bytes] = field(default_factory=dict)  # file name -> figure or JSON
    refused: tuple[str, ...] = ()  # names of what it left in its folder without recording it
    executed: str = ""  # the notebook as far as it was executed
    report: str = ""  # of a failure: cell, source, end of the traceback
    log: str = ""  # what its processes printed


def execute(task: Task, work: Path, *, stop: threading.Event | None = None) -> Result:
    """Execute a task in a child process and a kernel.

    Args:
        task: what to execute.
        work: working folder of this task alone; what was there is removed.
        stop: set by another thread to have the task killed.

    Returns:
        The result, whatever happened: nothing is raised. All processes of the task have been
        killed, including those that its kernel started; `work` is gone.
    """
    try:
        shutil.rmtree(work, ignore_errors=True)
        return _execute(task, work, stop or threading.Event())
    except InputError as error:  # `work` cannot be written
        return Result("failed", problem=str(error), bad_input=True)
    except OSError as error:  # no process can be started
        return Result("died", problem=f"the machine is out of a resource: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _execute(task: Task, work: Path, stop: threading.Event) -> Result:
    request = {
        "notebook": str(work / f"{task.notebook}.ipynb"),
        "executed": str(work / "executed.ipynb"),
        "parameters": dict(task.parameters),
        "folder": str(NOTEBOOKS if NOTEBOOKS.is_dir() else work),
    }
    write_atomically(work / f"{task.notebook}.ipynb", task.source)
    write_atomically(work / "request.json", json.dumps(request))
    write_together({work / "reads" / f"{name}.json": text for name, text in task.reads.items()})
    started = time.monotonic()
    with watch_gpu() as gpus:
        ending, peak_gib = _run(task, work, stop)
    result = Result(
        ending["status"],
        seconds=time.monotonic() - started,
        peak_gib=peak_gib,
        gpus=tuple(map(str, gpus)),
        executed=redacted(_read(work / "executed.ipynb")),
        log=redacted(_read(work / "log.txt", LOG_BYTES)),
    )
    if result.status == "finished":
        made, refused = collect_made(work / "out", task.notebook)
        return replace(result, made=made, refused=refused)
    ending = {name: redacted(text) for name, text in ending.items()}
    return replace(result, **describe_failure(ending, result.executed, result.log))


def collect_made(folder: Path, notebook: str) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files that a notebook recorded, and the names of everything else in its folder."""
    found = {path.name: path for path in sorted(folder.glob("*"))}
    regular = {name for name, path in found.items() if path.is_file() and not path.is_symlink()}
    numbers = f"{notebook}.json"
    recorded: set[str] = set()
    if numbers in regular:
        with contextlib.suppress(ValueError, AttributeError, TypeError):  # no such JSON
            figures = parse_json(found[numbers].read_text(encoding="utf-8")).get("figures", {})
            kinds = ("png", "svg")
            recorded = {numbers, *(f"{name}.{kind}" for name in figures for kind in kinds)}
    made = {name: found[name].read_bytes() for name in sorted(recorded & regular)}
    return made, tuple(name for name in found if name not in made)


def _run(task: Task, work: Path, stop: threading.Event) -> tuple[dict[str, str], float]:
    """Run the child process; return how it ended and the peak of memory in GiB."""
    # The kernel's sockets need a short path: at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="coincast-", ignore_cleanup_errors=True) as short:
        environment = os.environ | DETERMINISTIC_ENV
        environment |= {OUTPUT_VARIABLE: str(work / "out"), NOTEBOOKS_VARIABLE: str(work)}
        environment |= {READS_VARIABLE: str(work / "reads")}
        environment |= {"JUPYTER_RUNTIME_DIR": short, "IPYTHONDIR": short}
        # The kernel runs in another folder, where a relative path would name another package.
        paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        module = "coincast.runner.notebook.process"
        with (
            (work / "log.txt").open("wb") as log,
            subprocess.Popen(  # noqa: S603
                # -P: a file of the user's folder must not take a library's place.
                [sys.executable, "-P", "-m", module, str(work / "request.json")],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the runner to handle
            ) as child,
        ):
            return _watch(task, work, child, stop)


def _watch(
    task: Task, work: Path, child: subprocess.Popen[bytes], stop: threading.Event
) -> tuple[dict[str, str], float]:
    """Wait for a child's end, and bring it about if it passes a limit."""
    root = psutil.Process(child.pid)
    seen, peak, limits = {root}, 0.0, task.limits
    ends = time.monotonic() + limits.seconds
    try:
        while child.poll() is None:
            seen |= descendants.find_descendants(root)
            gib = sum(map(_resident, seen)) / GIB
            peak = max(peak, gib)
            if stop.is_set():
                return {"status": "interrupted", "message": "interrupted"}, peak
            if time.monotonic() > ends:
                message = f"still running after {limits.seconds / 60:g} min; see --timeout"
                return {"status": "time", "message": message}, peak
            if gib > limits.gib:
                message = f"used {gib:.1f} GiB, limit {limits.gib:g}; see --memory"
                return {"status": "memory", "message": message}, peak
            stop.wait(WATCH_SECONDS)
    finally:
        descendants.kill(seen)
        # Its own process may have been killed before it could find them all.
        descendants.kill(descendants.with_variable(OUTPUT_VARIABLE, str(work / "out")))
    try:
        return dict(json.loads((work / "ending.json").read_text())), peak
    except (OSError, ValueError):
        message = f"its process died (exit status {child.returncode})"
        return {"status": "died", "message": message}, peak


def _resident(process: psutil.Process) -> int:
    """Resident memory in bytes, 0 if the process is gone; each process counts shared pages."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _read(path: Path, most: int = sys.maxsize) -> str:
    """Content of a text file, or its last bytes; "" if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - most))
        return file.read().decode(errors="replace")
