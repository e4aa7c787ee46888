"""Fetching a page from an unfriendly web: http, https or a saved file, within limits."""

import urllib.parse
import urllib.request
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from coincast.errors import InputError

__all__ = ["SIZE_LIMIT", "fetch"]

SIZE_LIMIT = 32 * 2**20  # bytes after decompression; five years of one coin are about 1 MiB
TIMEOUT = (10, 30)  # seconds to connect, seconds between two parts of the answer
USER_AGENT = "coincast (research; one request at a time)"
RETRY = Retry(
    total=3, backoff_factor=0.5, backoff_jitter=0.5, status_forcelist=[429, 500, 502, 503, 504]
)


def fetch(url: str) -> bytes:
    """Return the bytes that an address gives.

    Args:
        url: http, https or file.

    Raises:
        InputError: another scheme, an unreadable file, no answer, an error status, too large.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        return _read(url, Path(urllib.request.url2pathname(parts.path)))
    if parts.scheme in {"http", "https"}:
        return _get(url)
    raise InputError(
        f"url {url!r} has the scheme {parts.scheme!r}; use http://, https:// or file://"
    )


def _check_size(url: str, size: int) -> None:
    if size > SIZE_LIMIT:
        raise InputError(f"{url} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period")


def _read(url: str, path: Path) -> bytes:
    try:
        _check_size(url, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {url}: {error.strerror}; check the path and its permissions"
        ) from error


def _get(url: str) -> bytes:
    body = bytearray()
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=RETRY))
            headers = {"User-Agent": USER_AGENT}
            with session.get(url, headers=headers, timeout=TIMEOUT, stream=True) as answer:
                answer.raise_for_status()
                for part in answer.iter_content(2**16):
                    body += part
                    _check_size(url, len(body))
    except requests.RequestException as error:
        raise InputError(
            f"cannot fetch {url}: {_reason(error)}; check the address and the network, or give a "
            "saved page as file://"
        ) from error
    return bytes(body)


def _reason(error: requests.RequestException) -> str:
    """Return the innermost cause in a few words: requests wraps it in layers of objects."""
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if "too many" in str(error):
        return "the server kept failing (" + str(error).rsplit("(", 1)[-1].rstrip(")'\"") + ")"
    return type(error).__name__
