"""Tasks on this machine, several at a time."""

import os
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import psutil

from coincast.execution import execute
from coincast.tasks import Result, Task

__all__ = ["default_jobs", "run_tasks"]

GIB_A_TASK = 3  # what the largest notebooks take, rounded up


def default_jobs(tasks: int) -> int:
    """Return how many of so many tasks fit the machine's cores and free memory; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    fitting = psutil.virtual_memory().available // (GIB_A_TASK * 2**30)
    return max(1, min(cores or 1, int(fitting), tasks))


def run_tasks(
    tasks: Iterable[Task],
    jobs: int,
    work: Path,
    *,
    started: Callable[[Task], None] = lambda _: None,
) -> Generator[tuple[Task, Result]]:
    """Execute tasks, the first ones first, and yield each with its result as it ends.

    Args:
        tasks: each with a name of its own.
        jobs: how many at a time.
        work: folder to work in; each task gets one in it, of its name.
        started: called as a task starts, from a thread of its own.

    Closing the iterator, or Ctrl-C, kills what runs.
    """
    stop = threading.Event()

    def run(task: Task) -> Result:
        if not stop.is_set():
            started(task)
        return execute(task, work / task.name, stop=stop)

    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(run, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
