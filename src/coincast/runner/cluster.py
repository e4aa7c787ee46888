"""Tasks on a Dask cluster whose workers have the same code as this machine.

The cluster is trusted: whoever reaches its scheduler can run anything on its workers and on this
machine. `tls://` addresses take their keys from Dask's own configuration.
"""

import asyncio
import re
import tempfile
import threading
import uuid
from collections.abc import Generator, Sequence
from pathlib import Path

from distributed import Client, Future, KilledWorker, Reschedule, Worker, as_completed, get_worker
from distributed.comm.core import connect
from distributed.core import send_recv
from distributed.security import Security

from coincast.errors import InputError, redacted, shown
from coincast.runner.execution import Result, Task, execute
from coincast.runner.manifests import Manifest, changed, describe

__all__ = ["run_on_cluster"]

ADDRESS = re.compile(r"((tcp|tls)://)?[^/:\s]+:\d{1,5}")  # others may keep Dask waiting for ever
CONNECT_SECONDS = 5
CHECK_SECONDS = 0.5  # between two checks whether a task has been cancelled
MUST_AGREE = ("code", "data", "versions", "settings")
UPDATE_WORKER = "bring it to the same checkout and `.venv` as here and start it again"


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
        run = uuid.uuid4().hex  # or the scheduler may reuse an earlier run's result
        futures = {
            client.submit(_work, task, describe(task), key=f"{task.name}-{run}"): task
            for task in tasks
        }
        try:
            for future in as_completed(list(futures), loop=client.loop):
                task = futures.pop(future)  # frees the result's copy on the cluster
                yield task, _result(future, address)
        finally:
            client.cancel(list(futures))


def _connect(address: str) -> Client:
    """A client of a scheduler that has at least one worker."""
    if not ADDRESS.fullmatch(address):
        raise InputError(
            f"the scheduler's address {shown(redacted(address))} is not HOST:PORT; "
            "use what `dask scheduler` prints, for example tcp://127.0.0.1:8786"
        )
    try:
        # A client whose scheduler stays silent does not end, or prints a traceback as it does.
        asyncio.run(asyncio.wait_for(_ask(address), CONNECT_SECONDS))
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TypeError, ValueError, RuntimeError) as error:  # TypeError: TLS without keys
        reason = " ".join(str(error).split()) or f"no answer in {CONNECT_SECONDS} s"
        raise InputError(
            f"no Dask scheduler answers at {address} ({reason}); start one with `dask scheduler`, "
            "correct the address, or leave out --scheduler"
        ) from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as error:
        client.close()
        raise InputError(
            f"the scheduler at {address} has no workers; start some with "
            f"`dask worker {address} --nthreads 1`"
        ) from error
    return client


async def _ask(address: str) -> None:
    """Have a scheduler tell who it is."""
    comm = await connect(address, CONNECT_SECONDS, **Security().get_connection_args("client"))
    try:
        await send_recv(comm, op="identity")
    finally:
        comm.abort()


def _work(task: Task, wanted: Manifest) -> Result:
    """Execute a task; this runs on a worker, which may have joined later than others."""
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
        raise Reschedule  # for Dask to decide whether it is still wanted
    return result


def _require_same(worker: str, there: Manifest, here: Manifest) -> None:
    """Refuse a worker that may compute other results than this machine."""
    names = {part: changed(there[part], here[part]) for part in MUST_AGREE}
    other = [f"{part} ({', '.join(found[:3])})" for part, found in names.items() if found]
    if other:
        raise InputError(f"worker {worker} has other {' and '.join(other)}; {UPDATE_WORKER}")


def _stop_if_unwanted(
    worker: Worker, key: str, done: threading.Event, stop: threading.Event
) -> None:
    """Stop a task that is cancelled while it runs: Dask itself lets its thread go on."""
    while not done.wait(CHECK_SECONDS):
        known = worker.state.tasks.get(key)
        if known is None or known.state == "cancelled":
            stop.set()
            return


def _result(future: Future[Result], address: str) -> Result:
    """Result of a future; a failure of the cluster counts as one of the task."""
    if future.cancelled():
        return Result("died", problem=f"the scheduler at {address} was lost; run it again")
    error = future.exception()
    if isinstance(error, KilledWorker):
        return Result("died", problem=f"{error}; see the memory of the workers")
    if isinstance(error, ImportError):
        raise InputError(f"a worker of {address} has no such coincast: {error}; {UPDATE_WORKER}")
    if isinstance(error, InputError):
        raise error
    if error is not None:
        return Result("died", problem=f"its worker failed: {error!r}")
    result: Result = future.result()
    return result
