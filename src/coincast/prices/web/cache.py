"""Answers of the web, kept as they came, so that a second run fetches nothing again."""

import hashlib
import json
import warnings
from datetime import UTC, datetime
from pathlib import Path

from coincast.errors import InputError, redacted
from coincast.files import read_regular, write_atomically

__all__ = ["RawCache"]

FILE_LIMIT = 2**26  # bytes; twice what a client takes from the web


class RawCache:
    r"""A folder of answers, one file each: a line of JSON (url, time, sha256), then the body.

    A file's name is a hash of its address, so nothing from the web becomes a path. Files are
    written whole or not at all, so a kill in mid-write or two scrapes at once leave only whole
    answers.

    >>> import tempfile
    >>> cache = RawCache(Path(tempfile.mkdtemp()))
    >>> cache.put("http://localhost/prices", b"1\n2")
    >>> cache.get("http://localhost/prices"), cache.get("http://localhost/other")
    (b'1\n2', None)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, url: str) -> Path:
        """Where the answer of an address is, or would be."""
        return self.folder / f"{hashlib.sha256(url.encode()).hexdigest()[:40]}.answer"

    def get(self, url: str) -> bytes | None:
        """The body kept for an address; None if there is none or it is damaged."""
        try:
            head, _, body = read_regular(self.path(url), FILE_LIMIT).partition(b"\n")
            stated = json.loads(head)
            whole = (stated["url"], stated["sha256"]) == (
                redacted(url),
                hashlib.sha256(body).hexdigest(),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return body if whole else None

    def put(self, url: str, body: bytes) -> None:
        """Keep a body. If the cache cannot be written, warn: the prices are there all the same."""
        head = {
            "url": redacted(url),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        try:
            write_atomically(self.path(url), json.dumps(head).encode() + b"\n" + body)
        except InputError as error:
            warnings.warn(f"answer not kept: {error}", RuntimeWarning, stacklevel=2)
