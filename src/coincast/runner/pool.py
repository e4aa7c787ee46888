"""Tasks on this machine, several at a time."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from coincast.records import machine
from coincast.runner.execution import Result, Task, execute

__all__ = ["default_jobs", "run_tasks"]

BYTES_PER_TASK = 3 * 2**30  # enough for the largest notebooks


def default_jobs(tasks: int) -> int:
    """How many of so many tasks fit the machine's cores and free memory; at least 1."""
    _, available = machine.memory()
    return max(1, min(machine.cores(), available // BYTES_PER_TASK, tasks))


def run_tasks(
    tasks: Iterable[Task],
    jobs: int,
    work: Path,
    *,
    started: Callable[[Task], None] = lambda _: None,
) -> Generator[tuple[Task, Result]]:
    """Execute tasks in the given order and yield each with its result as it ends.

    Args:
        tasks: each with a name of its own.
        jobs: how many at a time.
        work: working folder; each task gets a folder in it, of its name.
        started: called as a task starts.

    Closing the iterator, or Ctrl-C, kills what runs.
    """
    stop = threading.Event()
    waiting = iter(tasks)
    running: dict[Future[Result], Task] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while True:
                for task in itertools.islice(waiting, jobs - len(running)):
                    started(task)
                    running[pool.submit(execute, task, work / task.name, stop=stop)] = task
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            stop.set()
            wait(running)
            with contextlib.suppress(OSError):  # something else is in it
                work.rmdir()
