"""Fetching from an unfriendly web: http, https or a saved file, within limits.

One `Client` holds what a whole scrape shares: its politeness, its cache, its patience. Waiting and
trying again are tenacity's, the rate limit is requests-ratelimiter's.
"""

import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import requests
import urllib3
from requests_ratelimiter import LimiterAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from tqdm import tqdm

from coincast.errors import InputError
from coincast.sources.cache import RawCache

__all__ = ["Client", "OfflineError"]

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")
SIZE_LIMIT = 32 * 2**20  # bytes after decompression; five years of one coin are about 1 MiB
TIMEOUT = (10, 30)  # seconds to connect, seconds between two parts of the answer
DEADLINE = 120  # seconds for a whole answer: a slow drip never pauses long enough to time out
ATTEMPTS = 4
LONGEST_WAIT = 60  # seconds; a server may ask for a day
USER_AGENT = "Mozilla/5.0 (compatible; coincast; research)"
TEMPORARY = {429, 500, 502, 503, 504}
BACKOFF = wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT)
# What contradicts each kind; an unknown or missing type is left to the parser.
REFUSED = {
    "html": ("json", "image/", "video/", "pdf"),
    "json": ("html", "image/", "video/", "pdf"),
    "csv": ("html", "json", "image/", "video/", "pdf"),
}


class OfflineError(InputError):
    """An answer that is not in the cache was needed, and the network was not to be asked."""


class _TemporaryError(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def _wait(state: RetryCallState) -> float:
    """Return the seconds before the next attempt: the server's wish or a growing, random pause."""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait if isinstance(failure, _TemporaryError) else 0.0
    return max(BACKOFF(state), min(asked, LONGEST_WAIT))


class Client:
    """What a scrape asks the web with; one for all its coins and threads.

    Args:
        cache: where complete answers are kept; None keeps none.
        refresh: ask the web even for what is in the cache.
        offline: never ask the web.
        per_second: requests to one host, at most.
        progress: show bars on a terminal.
    """

    def __init__(
        self,
        cache: RawCache | None = None,
        *,
        refresh: bool = False,
        offline: bool = False,
        per_second: int = 4,
        progress: bool = True,
    ) -> None:
        self.cache, self.refresh, self.offline = cache, refresh, offline
        self.progress = progress and sys.stderr.isatty()
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        adapter = LimiterAdapter(per_second=per_second, max_retries=0)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def read(
        self,
        url: str,
        parse: Callable[[bytes], Parsed],
        kind: str = "html",
        *,
        complete: bool = True,
    ) -> Parsed:
        """Return what `parse` makes of the bytes that an address gives.

        An answer is kept only once it is parsed: what is damaged, or an error in disguise, is asked
        for again next time.

        Args:
            url: http, https or file.
            parse: raises InputError for an answer that cannot be used.
            kind: "html", "json" or "csv": what a stated content type may not contradict.
            complete: the answer will not change any more, so it may be kept.

        Raises:
            OfflineError: the answer is not in the cache and the client is offline.
            InputError: another scheme, an unreadable file, no answer, an error status, an answer
                of another kind, too slow or too large.
        """
        if _scheme(url) == "file":
            return parse(_read(url))
        cache = self.cache if complete else None
        kept = cache.get(url) if cache and not self.refresh else None
        if kept is not None:
            return parse(kept)
        body = self._fetch(url, kind)
        parsed = parse(body)
        if cache:
            cache.put(url, body)
        return parsed

    def track(self, items: Iterable[Item], description: str) -> Iterable[Item]:
        """Return the items one by one, with a progress bar if they are many."""
        listed = list(items)
        quiet = not self.progress or len(listed) < 3  # noqa: PLR2004 - what is over at once
        return tqdm(listed, description, unit="page", disable=quiet)

    def _fetch(self, url: str, kind: str) -> bytes:
        """Ask the web, again and again while it may help."""
        if self.offline:
            raise OfflineError(f"{url!r} is not in the cache; run once without --offline")
        retrying = Retrying(
            retry=retry_if_exception_type(_TemporaryError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(self._get, url, kind)
        except _TemporaryError as error:
            raise InputError(
                f"cannot fetch {url!r} in {ATTEMPTS} attempts: {error}; check the address and the "
                "network, try again later, or give a saved page as file://"
            ) from error

    def _get(self, url: str, kind: str) -> bytes:
        """Ask once."""
        try:
            with self._session.get(url, timeout=TIMEOUT, stream=True) as answer:
                _check_answer(url, kind, answer)
                return _read_body(url, answer.raw)
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            raise _TemporaryError(type(error).__name__) from error
        except (requests.RequestException, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"cannot fetch {url!r}: {type(error).__name__}; check the address, or give a saved "
                "page as file://"
            ) from error


def _check_answer(url: str, kind: str, answer: requests.Response) -> None:
    """Pass an answer worth reading."""
    status = f"HTTP status {answer.status_code}"
    if answer.status_code in TEMPORARY:
        asked = answer.headers.get("Retry-After", "")
        raise _TemporaryError(status, float(asked) if asked.isdecimal() else 0.0)
    if not answer.ok:
        raise InputError(f"cannot fetch {url!r}: {status}; check the address")
    stated = answer.headers.get("Content-Type", "").lower()
    if any(word in stated for word in REFUSED[kind]):
        raise InputError(
            f"{url!r} answered {stated!r} where {kind} was expected; the address is wrong or the "
            "server refuses robots: try later, or give a saved page as file://"
        )


def _read_body(url: str, raw: urllib3.HTTPResponse) -> bytes:
    """Return the whole body, decompressed, reading no further than the limits."""
    started, body = time.monotonic(), bytearray()
    while part := raw.read1(2**16, decode_content=True):
        body += part
        _check_size(url, len(body))
        if time.monotonic() - started > DEADLINE:
            raise InputError(f"{url!r} took longer than {DEADLINE} s; try again later")
    return bytes(body)


def _check_size(url: str, size: int) -> None:
    if size > SIZE_LIMIT:
        raise InputError(f"{url!r} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period")


def _scheme(url: str) -> str:
    """Return http, https or file; refuse anything else."""
    try:
        scheme = urllib.parse.urlsplit(url).scheme
    except ValueError as error:
        raise InputError(f"url {url!r} is no address: {error}; check its spelling") from error
    if scheme not in {"http", "https", "file"}:
        raise InputError(f"url {url!r} has the scheme {scheme!r}; use http://, https:// or file://")
    return scheme


def _read(url: str) -> bytes:
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path))
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
