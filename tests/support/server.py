"""A real HTTP server on this machine that answers, or misbehaves, as a test tells it to."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class Reset(Exception):  # noqa: N818 - an order, not an error
    """Raised among the parts of a body: the connection is torn down there and then."""


@dataclass(frozen=True)
class Answer:
    """One answer: what is sent, after how many seconds."""

    body: bytes | str | Callable[[], Iterator[bytes]] = b""  # a function gives it in parts
    status: int = 200
    # These win over the usual ones; None leaves one out.
    headers: Mapping[str, str | None] = field(default_factory=dict)
    delay: float = 0.0
    raw: bool = False  # the body is all that is sent, status line and headers included

    def parts(self) -> Iterator[bytes]:
        """Return the body, part by part."""
        if callable(self.body):
            return self.body()
        return iter([self.body.encode() if isinstance(self.body, str) else self.body])

    def head(self) -> dict[str, str]:
        """Return the headers; the length of a body in parts is not told."""
        length = None if callable(self.body) else str(len(next(self.parts())))
        told = {"Content-Type": "text/html", "Content-Length": length, **self.headers}
        return {name: value for name, value in told.items() if value is not None}


Page = bytes | str | Answer | Callable[[str], bytes | str | Answer]


def in_turn(*pages: bytes | str | Answer) -> Callable[[str], bytes | str | Answer]:
    """Return a page that answers differently each time; the last answer stays."""
    left = list(pages)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def broken_off(body: bytes) -> Answer:
    """Return an answer whose connection is reset when half of the body is sent."""

    def parts() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise Reset

    return Answer(parts, headers={"Content-Length": str(len(body))})


def dripping(body: bytes, pause: float, **headers: str) -> Answer:
    """Return an answer that sends a byte, waits, and sends the next one."""

    def parts() -> Iterator[bytes]:
        for byte in body:
            yield bytes([byte])
            time.sleep(pause)

    return Answer(parts, headers=headers)


def never_ending(start: bytes, again: bytes, pause: float = 0.02) -> Answer:
    """Return an answer, status line included, that goes on for a minute and is never whole."""

    def parts() -> Iterator[bytes]:
        yield start
        for _ in range(int(60 / pause)):
            yield again
            time.sleep(pause)

    return Answer(parts, raw=True)


def as_json(page: Page) -> Callable[[str], Answer]:
    """Return the page under the content type of JSON."""

    def answer(target: str) -> Answer:
        told = page(target) if callable(page) else page
        told = told if isinstance(told, Answer) else Answer(told)
        return replace(told, headers={"Content-Type": "application/json", **told.headers})

    return answer


class Server:
    """Serve `pages` from 127.0.0.1 while in its `with` block.

    Attributes:
        pages: path -> bytes or text (200, HTML), an `Answer`, or a function that is given the
            target (path and query) and returns one of these; other paths are answered 404.
        requests: the targets asked for so far, in their order.
        times: when each of them came, in seconds of a clock that never goes back.
        at_once: how many were being answered at the same time, at most.
        sent: bytes of bodies that the system took to send.
        url: "http://127.0.0.1:PORT".
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[str] = []
        self.times: list[float] = []
        self.at_once = self.sent = self._open = 0
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        # A short poll, since stopping waits for it.
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, target: str) -> Answer:
        """Return what a target is answered with, and note that it was asked for."""
        with self._lock:
            self.requests.append(target)
            self.times.append(time.monotonic())
            self._open += 1
            self.at_once = max(self.at_once, self._open)
            page = self.pages.get(urlsplit(target).path, Answer("no such page", 404))
            page = page(target) if callable(page) else page
        return page if isinstance(page, Answer) else Answer(page)

    def rest(self) -> None:
        """Wait until every answer is over, for the counts to be final."""
        while self._open:
            time.sleep(0.01)

    def done(self, size: int) -> None:
        """Note that an answer is over."""
        with self._lock:
            self._open -= 1
            self.sent += size

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                size = 0
                answer = server.answer(self.path)
                try:
                    time.sleep(answer.delay)
                    if not answer.raw:
                        self.send_response(answer.status)
                        for name, value in answer.head().items():
                            self.send_header(name, value)
                        self.end_headers()
                    for part in answer.parts():
                        self.wfile.write(part)
                        size += len(part)
                except ConnectionError:  # the client has given up
                    pass
                except Reset:
                    self.reset()
                finally:
                    server.done(size)

            def reset(self) -> None:
                """Close the connection with a reset instead of an orderly end."""
                no_delay = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_delay)
                os.close(self.connection.detach())

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        return Handler
