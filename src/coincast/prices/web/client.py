"""Fetching from an unfriendly web: http, https or a saved file, within limits.

One `Client` holds what a whole scrape shares: its politeness, its cache, its patience. Waiting and
trying again are tenacity's, the rate limit is requests-ratelimiter's.
"""

import functools
import gzip
import io
import sys
import time
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
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
from coincast.prices.web.cache import RawCache

__all__ = ["Client", "OfflineError"]

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")
SIZE_LIMIT = 32 * 2**20  # bytes after decompression; five years of one coin are about 1 MiB
TIMEOUT = (10, 30)  # seconds to connect, seconds between two parts of the answer
DEADLINE = 120  # seconds for a whole answer: a slow drip never pauses long enough to time out
ATTEMPTS = 4
LONGEST_WAIT = 60  # seconds; a server may ask for a day
LONGEST_REASON = 100
REDIRECTS = 10
USER_AGENT = "Mozilla/5.0 (compatible; coincast; research)"
TEMPORARY = {429, 500, 502, 503, 504}
PASSING = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)
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


class _Session(requests.Session):
    """A session that follows no redirect: requests would read their bodies without any limit."""

    def resolve_redirects(self, *_: object, **__: object) -> Generator[requests.Response]:
        yield from ()


@functools.cache
def _adapter(per_second: int) -> LimiterAdapter:
    """Return the one gate that all clients of a rate share: each has a thread that never ends."""
    return LimiterAdapter(per_second=per_second, max_retries=0)


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
        self._session = _Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _adapter(per_second))

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
        """Ask once; tell what may pass from what will not."""
        try:
            return self._follow(url, kind)
        except InputError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            if isinstance(error, PASSING) and not isinstance(error, ValueError):
                raise _TemporaryError(_reason(error)) from error
            raise InputError(
                f"cannot fetch {url!r}: {type(error).__name__}; check the address, or give a saved "
                "page as file://"
            ) from error

    def _follow(self, url: str, kind: str) -> bytes:
        """Ask an address and those that it leads to."""
        target = url
        for _ in range(REDIRECTS + 1):
            with self._session.get(target, timeout=TIMEOUT, stream=True) as answer:
                location = self._session.get_redirect_target(answer)
                if location is None:
                    _check_answer(url, kind, answer)
                    return _unpack(url, _read_body(url, answer.raw), answer.headers)
            target = urllib.parse.urljoin(target, location)
            if not target.lower().startswith(("http://", "https://")):
                raise InputError(f"{url!r} leads to {target!r}, no web page; check the address")
        raise InputError(f"{url!r} leads on and on, {REDIRECTS} times; check the address")


def _reason(error: BaseException) -> str:
    """Return what is at the bottom of a network error: "Connection refused"."""
    bottom, deeper = error, error.__context__
    while deeper:
        bottom = deeper if isinstance(deeper, OSError | HTTPException) else bottom
        deeper = deeper.__context__
    words = str(getattr(bottom, "strerror", None) or bottom)
    # A server's own words may be among them.
    return "".join(letter for letter in words if letter.isprintable())[:LONGEST_REASON]


def _check_answer(url: str, kind: str, answer: requests.Response) -> None:
    """Pass an answer worth reading."""
    status = f"HTTP status {answer.status_code}"
    if answer.status_code in TEMPORARY:
        raise _TemporaryError(status, _asked_wait(answer.headers.get("Retry-After", "")))
    if answer.status_code != HTTPStatus.OK:  # another one below 400 has no page either
        raise InputError(f"cannot fetch {url!r}: {status}; check the address")
    stated = answer.headers.get("Content-Type", "").lower()
    if any(word in stated for word in REFUSED[kind]):
        raise InputError(
            f"{url!r} answered {stated!r} where {kind} was expected; the address is wrong or the "
            "server refuses robots: try later, or give a saved page as file://"
        )


def _asked_wait(asked: str) -> float:
    """Return the seconds that a Retry-After asks for, as a number or as a date."""
    if asked.isdecimal():
        return float(asked)
    try:
        return (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # TypeError: a date without a time zone
        return 0.0


def _read_body(url: str, raw: urllib3.HTTPResponse) -> bytes:
    """Return the whole body as it was sent, reading no further than the limits."""
    started, body = time.monotonic(), bytearray()
    # Unpacked on the way, gzip that drips without ever giving a byte would not come back to us.
    while part := raw.read1(2**16, decode_content=False):
        body += part
        _check_size(url, len(body))
        if time.monotonic() - started > DEADLINE:
            raise InputError(f"{url!r} took longer than {DEADLINE} s; try again later")
    return bytes(body)


def _unpack(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body decompressed, no further than the limit; what is cut off is refused."""
    packing = headers.get("Content-Encoding", "").strip().lower()
    if packing in {"", "identity"} or not body:
        return body
    if packing not in {"gzip", "x-gzip"}:
        raise InputError(f"{url!r} is packed as {packing!r}, not gzip as asked; try again later")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            body = file.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _TemporaryError(f"damaged gzip: {error}") from error
    _check_size(url, len(body))
    return body


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
