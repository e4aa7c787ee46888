"""Reading files up to a limit, writing them whole or not at all, and text between markers."""

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coincast.errors import InputError, shown

__all__ = [
    "fill_marker", "read_limited", "read_marker", "read_regular", "remove_unfinished",
    "require_writable", "sha256", "write_atomically", "write_together",
]  # fmt: skip

UNFINISHED = ".coincast-part"  # ending of a file that is being written


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_regular(path: Path, limit: int) -> bytes:
    """The first bytes of a regular file.

    Args:
        path: looked at before it is opened: opening a FIFO would wait for a writer for ever.
        limit: bytes read at most.

    Raises:
        OSError: there is no such file, or it is a folder, a device or another special file.
        ValueError: no path may hold a zero byte.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "Is a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise OSError(0, kind)
    with path.open("rb") as file:
        return file.read(limit)


def read_limited(path: Path, limit: int, remedy: str) -> bytes:
    """All bytes of a file from outside.

    Raises:
        InputError: it cannot be read, or has more bytes than the limit; ends with the remedy.
    """
    name = shown(path.name)
    try:
        body = read_regular(path, limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        folder = shown(str(path.parent))
        raise InputError(f"cannot read {name} in {folder}: {reason}; {remedy}") from error
    if len(body) > limit:
        raise InputError(f"{name} is larger than {limit >> 20} MiB; {remedy}")
    return body


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a file by renaming a finished one over it, so that a failure leaves the old one.

    Raises:
        InputError: the folder cannot be made or written to, or the disk is full.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together: none is renamed before all are finished.

    Raises:
        InputError: as `write_atomically`; then every old file is still there.
    """
    finished: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED, delete=False
            ) as file:
                finished[path] = Path(file.name)
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            # A temporary file is private to its owner; the file it becomes is an ordinary one.
            finished[path].chmod(0o644)
        for path in finished:
            if path.is_dir():  # renaming would fail after the others have been replaced
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        for path, temporary in finished.items():
            temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}; free the space, "
            "grant the permission or choose another place"
        ) from error
    finally:  # also after Ctrl-C
        for temporary in finished.values():
            temporary.unlink(missing_ok=True)


def remove_unfinished(*folders: Path) -> None:
    """Remove from folders what a killed process was writing. Nobody else may be writing there."""
    for folder in folders:
        for path in folder.glob(f".*{UNFINISHED}"):
            path.unlink(missing_ok=True)


def require_writable(folder: Path, name: str) -> None:
    """Try to make a folder and a file in it, and leave no trace.

    Args:
        folder: an absolute path; it need not exist.
        name: what messages call it.

    Raises:
        InputError: it cannot be made, is no folder, or takes no file.
    """
    made: list[Path] = []
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except (OSError, ValueError) as error:  # ValueError: a null character
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{name} {shown(str(folder))} cannot be written to: {reason}; choose another folder"
        ) from error
    finally:
        for path in made:
            with contextlib.suppress(OSError, ValueError):
                path.rmdir()


def _bounds(text: str, name: str) -> tuple[int, int]:
    """Where the content of a marker begins and ends."""
    opening, closing = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    if text.count(opening) != 1 or text.count(closing) != 1:
        raise InputError(
            f"the text needs exactly one {opening.strip()} and one {closing}; restore the markers"
        )
    return text.index(opening) + len(opening), text.index(closing)


def read_marker(text: str, name: str) -> str:
    r"""Text between the markers called `name`.

    >>> read_marker("<!-- begin mae -->\n0.05\n<!-- end mae -->", "mae")
    '0.05\n'
    """
    start, end = _bounds(text, name)
    return text[start:end]


def fill_marker(text: str, name: str, content: str) -> str:
    r"""The text with `content` between the markers called `name`.

    Raises:
        InputError: the text does not hold the two markers once each.

    >>> fill_marker("<!-- begin mae -->\nold\n<!-- end mae -->", "mae", "0.05")
    '<!-- begin mae -->\n0.05\n<!-- end mae -->'
    """
    start, end = _bounds(text, name)
    return text[:start] + content.rstrip("\n") + "\n" + text[end:]
