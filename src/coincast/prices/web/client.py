"""Fetching from an unfriendly web: http, https or a saved file, within limits.

One `Client` holds what a whole scrape shares: its rate limit, its cache, its patience.
"""

import contextlib
import gzip
import io
import sys
import threading
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

import requests
import urllib3
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)
from tqdm import tqdm

from coincast.errors import InputError, redacted, shown
from coincast.files import read_limited
from coincast.prices.web import exchange
from coincast.prices.web.cache import RawCache

__all__ = ["Client", "OfflineError", "is_web", "local_path", "show"]

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")
SIZE_LIMIT = 32 * 2**20  # bytes after decompression; five years of one coin are about 1 MiB
TIMEOUT = (10, 30)  # seconds to connect, seconds between two parts of the answer
ATTEMPTS = 4
MAX_WAIT = 60  # seconds; a server may ask for a day
MAX_REASON, MOST_SHOWN = 100, 200  # characters of a reason, of an address
REDIRECTS = 10
TEMPORARY = {429, 500, 502, 503, 504}
BACKOFF = wait_exponential_jitter(multiplier=0.5, max=MAX_WAIT)


def show(url: str) -> str:
    """An address for an error message: redacted, cut, without control characters."""
    return f"{redacted(url)!r:.{MOST_SHOWN}}"


def is_web(url: str) -> bool:
    """Whether an address is http or https."""
    return url.lower().startswith(("http://", "https://"))


def local_path(url: str) -> Path:
    """The path that a file address names."""
    return Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path))


class OfflineError(InputError):
    """An answer that is not in the cache was needed, but the client is offline."""


class _TemporaryError(requests.RequestException):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Client:
    """What a scrape fetches with; one for all its coins and threads.

    Args:
        cache: where complete answers are kept; None keeps none.
        refresh: fetch even what is in the cache.
        offline: use nothing but the cache.
        per_second: maximum number of requests per second to one host.

    Attributes:
        writing: held while a file is written. A command that ends takes it first, so that its
            threads leave no half a file behind.
    """

    def __init__(
        self,
        cache: RawCache | None = None,
        *,
        refresh: bool = False,
        offline: bool = False,
        per_second: int = 4,
    ) -> None:
        self.cache, self.refresh, self.offline = cache, refresh, offline
        self.writing = threading.Lock()
        self._session = exchange.Session(per_second)

    def read(self, url: str, parse: Callable[[bytes], Parsed], *, complete: bool = True) -> Parsed:
        """What `parse` makes of the bytes at an address.

        An answer is cached only once it is parsed: one that is damaged, or an error in disguise, is
        fetched again next time.

        Args:
            url: http, https or file.
            parse: raises InputError for an answer that cannot be used.
            complete: the answer will not change any more, so it may be cached.

        Raises:
            OfflineError: the answer is not in the cache and the client is offline.
            InputError: another scheme, an unreadable file, no answer, an error status, or an answer
                that is too slow or too large.
        """
        if _find_scheme(url) == "file":
            remedy = "check the path and its permissions, or ask for a shorter period"
            return parse(read_limited(local_path(url), SIZE_LIMIT, remedy))
        cache = self.cache if complete else None
        kept = cache.get(url) if cache and not self.refresh else None
        if kept is not None:
            return parse(kept)
        body = self._fetch(url)
        parsed = parse(body)
        if cache:
            with self.writing:
                cache.put(url, body)
        return parsed

    def forget(self, url: str) -> None:
        """Have an answer fetched again next time, although it could be parsed."""
        if self.cache and not self.offline:
            with contextlib.suppress(OSError):
                self.cache.path(url).unlink(missing_ok=True)

    def track(self, items: Iterable[Item], description: str) -> Iterable[Item]:
        """The items one by one; a terminal shows a bar if they take longer than a second."""
        return tqdm(list(items), description, unit="page", delay=1, disable=not sys.stderr.isatty())

    def _fetch(self, url: str) -> bytes:
        """Fetch from the web, trying again while that may help."""
        if self.offline:
            raise OfflineError(f"{show(url)} is not in the cache; run once without --offline")
        retrying = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(self._follow, url)
        except InputError:
            raise
        except exchange.TooSlowError as error:
            raise InputError(
                f"{show(url)} took longer than {exchange.DEADLINE} s; try again later"
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            temporary = _may_pass(error)
            reason = (
                f" in {ATTEMPTS} attempts: {_reason(error)}"
                if temporary
                else f": {type(error).__name__}"
            )
            raise InputError(
                f"cannot fetch {show(url)}{reason}; check the address and the network, try again "
                "later, or give a saved page as file://"
            ) from error

    def _follow(self, url: str) -> bytes:
        """Ask an address and those that it redirects to."""
        target = url
        for _ in range(REDIRECTS + 1):
            with self._session.get(target, timeout=TIMEOUT, stream=True) as answer:
                location = self._session.get_redirect_target(answer)
                if location is None:
                    _check_status(url, answer)
                    packing = answer.headers.get("Content-Encoding", "").strip().lower()
                    return _unpack(url, _read_body(url, answer.raw), packing)
            target = urllib.parse.urljoin(target, location)
            if not is_web(target):
                raise InputError(
                    f"{show(url)} redirects to {show(target)}, not a web page; check the url"
                )
        raise InputError(f"{show(url)} redirects more than {REDIRECTS} times; check the address")


def _find_scheme(url: str) -> str:
    """The scheme of an address: http, https or file."""
    try:
        scheme = urllib.parse.urlsplit(url).scheme
    except ValueError as error:
        raise InputError(f"url {show(url)} is not an address: {error}; check it") from error
    if scheme not in {"http", "https", "file"}:
        raise InputError(
            f"url {show(url)} has the scheme {shown(scheme)}; use http://, https:// or file://"
        )
    return scheme


def _may_pass(error: BaseException) -> bool:
    """Whether an error is worth another attempt; a ValueError is about the address itself."""
    passing = (
        _TemporaryError, requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError,
    )  # fmt: skip
    return isinstance(error, passing) and not isinstance(error, ValueError)


def _wait(state: RetryCallState) -> float:
    """Seconds before the next attempt: what the server asked for, or a growing, random pause."""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait if isinstance(failure, _TemporaryError) else 0.0
    return max(BACKOFF(state), min(asked, MAX_WAIT))


def _reason(error: BaseException) -> str:
    """What is at the bottom of a network error: "Connection refused"."""
    if isinstance(error, _TemporaryError):
        return str(error)
    bottom, deeper = error, error.__context__
    while deeper:
        bottom = deeper if isinstance(deeper, OSError | HTTPException) else bottom
        deeper = deeper.__context__
    words = str(getattr(bottom, "strerror", None) or bottom)
    # A server's own words may be among them.
    return "".join(letter for letter in words if letter.isprintable())[:MAX_REASON]


def _check_status(url: str, answer: requests.Response) -> None:
    """Accept an answer that has a body worth reading."""
    status = f"HTTP status {answer.status_code}"
    if answer.status_code in TEMPORARY:
        raise _TemporaryError(status, _asked_wait(answer.headers.get("Retry-After", "")))
    if answer.status_code != HTTPStatus.OK:  # other statuses below 400 have no page either
        raise InputError(f"cannot fetch {show(url)}: {status}; check the address")


def _asked_wait(asked: str) -> float:
    """The seconds that a Retry-After asks for, as a number or as a date."""
    try:
        return urllib3.Retry().parse_retry_after(asked)
    except (ValueError, OverflowError, urllib3.exceptions.InvalidHeader):
        return 0.0


def _read_body(url: str, raw: urllib3.HTTPResponse) -> bytes:
    """The whole body as it was sent, read no further than the limits."""
    body = bytearray()
    # Unpacked on the way, gzip that drips without ever giving a byte would not come back to us.
    while part := raw.read1(2**16, decode_content=False):
        body += part
        _check_size(url, len(body))
    return bytes(body)


def _unpack(url: str, body: bytes, packing: str) -> bytes:
    """A body decompressed, no further than the limit; one that is cut off is refused."""
    if packing in {"", "identity"} or not body:
        return body
    if packing not in {"gzip", "x-gzip"}:
        raise InputError(
            f"{show(url)} is packed as {packing!r}, not gzip as asked; try again later"
        )
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            body = file.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _TemporaryError(f"damaged gzip: {error}") from error
    _check_size(url, len(body))
    return body


def _check_size(url: str, size: int) -> None:
    if size > SIZE_LIMIT:
        raise InputError(
            f"{show(url)} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period"
        )
