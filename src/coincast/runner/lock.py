"""One run at a time in a folder."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from coincast.errors import InputError

if sys.platform != "win32":
    import fcntl

__all__ = ["only_run"]


@contextlib.contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; the system frees it however this process ends.

    Raises:
        InputError: another process holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise InputError(
            f"cannot write into {folder}: {error.strerror}; grant the permission or free the space"
        ) from error
    with lock:
        try:
            if sys.platform != "win32":  # two runs at once are not guarded against on Windows
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another run is working in {folder}; wait until it ends, "
                "or give this one a folder of its own with --out"
            ) from None
        yield
