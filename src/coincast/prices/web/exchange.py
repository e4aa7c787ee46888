"""A session whose every exchange ends: one deadline from the first byte of an answer to the last.

The timeouts of requests only limit the pause between two bytes. A server that drips its headers,
its chunk sizes or endless `100 Continue` never pauses long enough, and no code of ours runs in
between. So the deadline stands where all bytes come through: in what http.client reads from.
"""

import functools
import http.client
import io
import socket
import time
from collections.abc import Generator
from typing import Any

import requests
import urllib3
from requests_ratelimiter import LimiterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

__all__ = ["DEADLINE", "Session", "TooSlowError"]

DEADLINE = 120  # seconds
USER_AGENT = "Mozilla/5.0 (compatible; coincast; research)"


class TooSlowError(Exception):
    """An answer took longer than `DEADLINE`. No OSError or ValueError: http.client hides these."""


class Session(requests.Session):
    """A session that follows no redirect: requests would read their bodies without any limit.

    Args:
        per_second: maximum number of requests per second to one host.
    """

    def __init__(self, per_second: int) -> None:
        super().__init__()
        self.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
        for scheme in ("http://", "https://"):
            self.mount(scheme, _adapter(per_second))

    def resolve_redirects(self, *_: object, **__: object) -> Generator[requests.Response]:
        """No further answers."""
        yield from ()


class _Bytes(io.RawIOBase):
    """The bytes of one answer, until the deadline."""

    def __init__(self, source: io.RawIOBase, connection: socket.socket) -> None:
        self._source, self._connection = source, connection
        self._pause = connection.gettimeout() or DEADLINE
        self._end = time.monotonic() + DEADLINE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any buffer
        left = self._end - time.monotonic()
        try:
            self._connection.settimeout(max(0.001, min(self._pause, left)))
            return self._source.readinto(buffer)
        finally:
            if time.monotonic() >= self._end:
                raise TooSlowError

    def close(self) -> None:
        self._source.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *given, **named)
        self.fp = io.BufferedReader(_Bytes(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(LimiterAdapter):
    def init_poolmanager(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*given, **named)
        _bound(self.poolmanager)

    def proxy_manager_for(self, *given: Any, **named: Any) -> urllib3.PoolManager:  # noqa: ANN401
        return _bound(super().proxy_manager_for(*given, **named))


def _bound(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Have a pool manager open connections with the deadline only."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return manager


@functools.cache
def _adapter(per_second: int) -> LimiterAdapter:
    """The rate limiter that all clients of one rate share: each has a thread that never ends."""
    return _Adapter(per_second=per_second, max_retries=0)
