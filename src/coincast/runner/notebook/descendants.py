"""Finding and ending the processes of one notebook."""

import contextlib
import ctypes
import sys
import time
from collections.abc import Iterable, Iterator

import psutil

__all__ = ["adopt_orphans", "find_descendants", "kill", "kill_descendants", "with_variable"]

KILL_SECONDS = 5  # to wait for processes that the system holds
PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl


def adopt_orphans() -> None:
    """Have descendants whose parent ends become children of this process.

    So a process that a shell started in the background is still found. Only Linux can do that:
    elsewhere what lost its parent is found only if it was seen before.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def find_descendants(process: psutil.Process) -> set[psutil.Process]:
    """What a process started, directly or through others; empty if it is gone."""
    with contextlib.suppress(psutil.Error):
        return set(process.children(recursive=True))
    return set()


def with_variable(name: str, value: str) -> Iterator[psutil.Process]:
    """Processes with an environment variable of this value: those that lost their parent, too."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(name) == value:
                yield process


def kill_descendants(process: psutil.Process) -> None:
    """Kill what descends from a process, and what starts meanwhile; wait until it has ended."""
    ends = time.monotonic() + KILL_SECONDS
    while (
        found := set(filter(_is_running, find_descendants(process)))
    ) and time.monotonic() < ends:
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.kill()
        time.sleep(0.01)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and their descendants; wait until they have ended.

    Descendants first: an orphan is found only as long as the process that adopts it lives.
    """
    found = list(processes)
    for process in found:
        kill_descendants(process)
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
    ends = time.monotonic() + KILL_SECONDS
    while any(map(_is_running, found)) and time.monotonic() < ends:
        time.sleep(0.01)


def _is_running(process: psutil.Process) -> bool:
    """Whether a process has not ended; psutil would also wait for its parent to notice the end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
