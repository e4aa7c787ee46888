"""Tasks on a Dask cluster: the same work as on this machine, on workers of the same code.

The cluster is the user's own and trusted: whoever reaches its scheduler can run anything on its
workers and on this machine. `tls://` addresses take their keys from Dask's own configuration.
"""

import re
import tempfile
import threading
import uuid
from collections.abc import Generator, Sequence
from pathlib import Path

from distributed import (
    Client,
    Future,
    KilledWorker,
    Reschedule,
    Worker,
    as_completed,
    get_worker,
)

from coincast.errors import InputError
from coincast.runner.execution import execute
from coincast.runner.manifests import Manifest, changed, describe
from coincast.runner.tasks import Result, Task

__all__ = ["run_on_cluster"]

ADDRESS = re.compile(r"((tcp|tls)://)?[^/:\s]+:\d{1,5}")  # for others Dask may wait for ever
CONNECT_SECONDS = 5
LOOK_SECONDS = 0.5  # from one look at whether a task is still wanted to the next
MUST_AGREE = ("code", "data", "versions", "settings")
SAME = "bring it to the same checkout and `.venv` as here and start it again"


def run_on_cluster(tasks: Sequence[Task], address: str) -> Generator[tuple[Task, Result]]:
    """Execute tasks on a cluster's workers and yield each with its result as it ends.

    A task whose worker dies goes to another, with the same result. Closing the iterator, or
    Ctrl-C, kills what runs, and so does the end of this process.

    Args:
        tasks: each with a name of its own; the first ones start first.
        address: of the scheduler, for example "tcp://10.0.0.5:8786".

    Raises:
        InputError: the scheduler does not answer or has no worker; a worker's code, data or
            libraries are not those of this process.
    """
    if not tasks:
        return
    with _connect(address) as client:
        _require_workers(client, address)
        one_of_each = {task.notebook: task for task in tasks}
        here = {name: describe(task) for name, task in one_of_each.items()}
        run = uuid.uuid4().hex  # so that the scheduler never takes an earlier run's result for this
        futures = {
            client.submit(_work, task, here[task.notebook], key=f"{task.name}-{run}"): task
            for task in tasks
        }
        try:
            for future in as_completed(list(futures), loop=client.loop):
                task = futures.pop(future)  # with it goes the result's copy on the cluster
                yield task, _result(future, address)
        finally:
            client.cancel(list(futures))


def _connect(address: str) -> Client:
    """Return a client of the scheduler."""
    if not ADDRESS.fullmatch(address):
        raise InputError(
            f"the scheduler's address {address!r} is not HOST:PORT; use what `dask scheduler` "
            "prints, for example tcp://127.0.0.1:8786"
        )
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:  # TypeError: TLS without configured keys
        raise InputError(
            f"no Dask scheduler answers at {address} ({error}); start one with `dask scheduler`, "
            "mend the address, or leave out --scheduler"
        ) from error


def _require_workers(client: Client, address: str) -> None:
    """Refuse a cluster that would leave every task waiting."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        raise InputError(
            f"the scheduler at {address} has no workers; start some with "
            f"`dask worker {address} --nthreads 1`"
        ) from error


def _work(task: Task, wanted: Manifest) -> Result:
    """Execute a task; this runs on a worker, which may have joined after all others."""
    worker, done, stop = get_worker(), threading.Event(), threading.Event()
    _require_same(worker.address, describe(task), wanted)
    watched = (worker, worker.get_current_task(), done, stop)
    threading.Thread(target=_stop_if_unwanted, args=watched, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=worker.local_directory) as work:
        try:
            result = execute(task, Path(work), stop=stop)
        finally:
            done.set()
    if stop.is_set():
        raise Reschedule  # if it is wanted after all
    return result


def _require_same(worker: str, there: Manifest, here: Manifest) -> None:
    """Refuse to compute on a worker what would come out otherwise here."""
    names = {part: changed(there[part], here[part]) for part in MUST_AGREE}
    other = [f"{part} ({', '.join(found[:3])})" for part, found in names.items() if found]
    if other:
        raise InputError(f"worker {worker} has other {' and '.join(other)}; {SAME}")


def _stop_if_unwanted(
    worker: Worker, key: str, done: threading.Event, stop: threading.Event
) -> None:
    """Stop a task that was cancelled while it ran: Dask itself lets its thread go on."""
    while not done.wait(LOOK_SECONDS):
        known = worker.state.tasks.get(key)
        if known is None or known.state == "cancelled":
            stop.set()
            return


def _result(future: Future[Result], address: str) -> Result:
    """Return what a future came to; a failure of the cluster is one of its task."""
    if future.cancelled():
        return Result("died", problem=f"the scheduler at {address} was lost; run it again")
    error = future.exception()
    if isinstance(error, KilledWorker):
        return Result("died", problem=f"{error}; see the memory of the workers")
    if isinstance(error, ImportError):
        raise InputError(f"a worker of {address} has no such coincast: {error}; {SAME}")
    if isinstance(error, InputError):
        raise error
    if error is not None:
        return Result("died", problem=f"its worker failed: {error!r}")
    result: Result = future.result()
    return result
