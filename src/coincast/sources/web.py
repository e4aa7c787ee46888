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
    total=3,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=[429, 500, 502, 503, 504],
    retry_after_max=30,  # seconds; a server may ask for a day
)


def fetch(url: str) -> bytes:
    """Return the bytes that an address gives.

    Args:
        url: http, https or file.

    Raises:
        InputError: another scheme, an unreadable file, no answer, an error status, too large.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise InputError(f"url {url!r} is no address: {error}; check its spelling") from error
    if parts.scheme == "file":
        return _read(url, Path(urllib.request.url2pathname(parts.path)))
    if parts.scheme in {"http", "https"}:
        return _get(url)
    raise InputError(
        f"url {url!r} has the scheme {parts.scheme!r}; use http://, https:// or file://"
    )


def _check_size(url: str, size: int) -> None:
    if size > SIZE_LIMIT:
        raise InputError(f"{url!r} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period")


def _read(url: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:  # ValueError: no path may hold a zero byte
        raise InputError(
            f"cannot read {url!r}: {getattr(error, 'strerror', error)}; "
            "check the path and its permissions"
        ) from error
    _check_size(url, len(body))
    return body


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
                    if len(body) > SIZE_LIMIT:
                        break
    except (requests.RequestException, ValueError) as error:  # ValueError: no host has that name
        raise InputError(
            f"cannot fetch {url!r}: {_reason(error)}; check the address and the network, or give "
            "a saved page as file://"
        ) from error
    _check_size(url, len(body))
    return bytes(body)


def _reason(error: Exception) -> str:
    """Return the innermost cause in a few words: requests wraps it in layers of objects."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.exceptions.RetryError):
        return "the server kept failing (" + str(error).rsplit("(", 1)[-1].strip(")'\"") + ")"
    return type(error).__name__
