"""Writing files whole or not at all, and text between markers."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from coincast.errors import InputError

__all__ = ["fill_marker", "read_marker", "sha256", "write_atomically", "write_together"]


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
                dir=path.parent, prefix=f".{path.name}.", delete=False
            ) as file:
                finished[path] = Path(file.name)
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            # A temporary file is private to its owner; the file it becomes is an ordinary one.
            finished[path].chmod(0o644)
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
