"""Executing one task in processes of its own, watched from outside."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil

from coincast.errors import InputError
from coincast.files import write_atomically
from coincast.paths import NOTEBOOKS, PACKAGE
from coincast.records.gpu import watch_gpu
from coincast.records.surroundings import NOTEBOOKS_VARIABLE, OUTPUT_VARIABLE
from coincast.runner import failures
from coincast.runner.tasks import Result, Task

__all__ = ["execute"]

# One thread and one hash seed, so that sums are added in the same order on every run; and a GPU's
# memory is taken as it is needed, so that there is some for the next notebook.
STEADY = {
    "KERAS_BACKEND": "tensorflow",  # what a notebook gets that chooses none
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "JUPYTER_PREFER_ENV_PATH": "1",
}
GIB = 2**30
MOST_LOG = 2**20  # bytes
WATCH_SECONDS = 0.2  # from one look at a task's memory to the next
KILL_SECONDS = 5  # a process that the system holds is not waited for longer


def execute(task: Task, work: Path, *, stop: threading.Event | None = None) -> Result:
    """Execute a task in a child process and a kernel, and return what came of it.

    Args:
        task: what to execute.
        work: folder to work in, of this task alone; what was there is removed.
        stop: set by another thread to have the task killed.

    Returns:
        The result, whatever happened: nothing is raised here. All processes of the task have been
        killed, even those that its kernel started; `work` is gone.
    """
    stop = stop or threading.Event()
    if stop.is_set():
        return Result("interrupted", problem="interrupted before it began")
    try:
        shutil.rmtree(work, ignore_errors=True)
        return _execute(task, work, stop)
    except InputError as error:  # `work` cannot be written
        return Result("failed", problem=str(error), bad_input=True)
    except OSError as error:  # no process can be started
        return Result("died", problem=f"the machine is short of something: {error}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _execute(task: Task, work: Path, stop: threading.Event) -> Result:
    notebook = work / f"{task.notebook}.ipynb"
    executed, log = work / "executed.ipynb", work / "log.txt"
    request = {
        "notebook": str(notebook),
        "executed": str(executed),
        "parameters": dict(task.parameters),
        "folder": str(NOTEBOOKS if NOTEBOOKS.is_dir() else work),
    }
    write_atomically(notebook, task.source)
    write_atomically(work / "request.json", json.dumps(request))
    started = time.monotonic()
    with watch_gpu() as gpus:
        outcome, peak_gib = _run(task, work, stop)
    seconds = time.monotonic() - started
    result = Result(
        outcome["status"],
        seconds=seconds,
        peak_gib=peak_gib,
        gpus=tuple(map(str, gpus)),
        executed=_read(executed),
        log=_read(log, MOST_LOG),
    )
    if result.status == "finished":
        made = {path.name: path.read_bytes() for path in sorted((work / "out").glob("*"))}
        return replace(result, made=made)
    return replace(
        result,
        problem=failures.explain(outcome, result.executed),
        bad_input=failures.is_bad_input(outcome),
        report=failures.report(outcome, result.executed, result.log),
    )


def _run(task: Task, work: Path, stop: threading.Event) -> tuple[dict[str, str], float]:
    """Run the child; return its outcome, or why there is none, and the peak of memory in GiB."""
    # Kernel files lie in a folder with a short path: that of a socket has 107 letters at most.
    with tempfile.TemporaryDirectory(prefix="coincast-", ignore_cleanup_errors=True) as short:
        environment = os.environ | STEADY
        environment |= {OUTPUT_VARIABLE: str(work / "out"), NOTEBOOKS_VARIABLE: str(work)}
        environment |= {"JUPYTER_RUNTIME_DIR": short, "IPYTHONDIR": short}
        # The code that the manifest tells of: a relative path would mean another to the kernel.
        paths = [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        command = [
            sys.executable,
            "-m",
            "coincast.runner.notebook_process",
            str(work / "request.json"),
        ]
        with (
            (work / "log.txt").open("wb") as log,
            subprocess.Popen(  # noqa: S603
                command,
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
    """Wait for a child's end, which is brought about where it passes a limit."""
    tree = Tree(child.pid)
    ends = time.monotonic() + task.limits.seconds
    try:
        while child.poll() is None:
            tree.look()
            if stop.is_set():
                return {"status": "interrupted", "message": "interrupted"}, tree.peak_gib
            if time.monotonic() > ends:
                message = f"still running after {task.limits.seconds / 60:g} min; see --timeout"
                return {"status": "time", "message": message}, tree.peak_gib
            if tree.gib > task.limits.gib:
                message = f"used {tree.gib:.1f} GiB, limit {task.limits.gib:g}; see --memory"
                return {"status": "memory", "message": message}, tree.peak_gib
            stop.wait(WATCH_SECONDS)
    finally:
        tree.kill()
    try:
        return dict(json.loads((work / "outcome.json").read_text())), tree.peak_gib
    except (OSError, ValueError):
        message = f"its process died (exit status {child.returncode})"
        return {"status": "died", "message": message}, tree.peak_gib


class Tree:
    """A process and all that descend from it, as far as they were ever seen."""

    def __init__(self, pid: int) -> None:
        """Start with one process."""
        self.root = psutil.Process(pid)
        self.processes = {self.root}
        self.gib = self.peak_gib = 0.0

    def look(self) -> None:
        """Find descendants and measure memory: resident, shared pages counted in each process."""
        self._find(self.root)
        self.gib = sum(map(_resident, self.processes)) / GIB
        self.peak_gib = max(self.peak_gib, self.gib)

    def kill(self) -> None:
        """Kill what is left, also of those whose parents are gone, and wait until it has ended."""
        for process in tuple(self.processes):
            self._find(process)
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        patience = time.monotonic() + KILL_SECONDS
        while any(map(_is_alive, self.processes)) and time.monotonic() < patience:
            time.sleep(0.01)

    def _find(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            self.processes |= set(process.children(recursive=True))


def _is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still does something; a zombie only waits for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _resident(process: psutil.Process) -> int:
    """Return a process's resident memory in bytes, 0 when it is gone."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _read(path: Path, most: int | None = None) -> str:
    """Return what a text file holds, or its last bytes; nothing where there is none."""
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    return content[-most if most else 0 :].decode(errors="replace")
