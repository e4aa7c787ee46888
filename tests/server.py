"""A real HTTP server on this machine that answers as a test tells it to."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One answer: what is sent, after how many seconds."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)  # these win over the usual ones
    delay: float = 0.0

    def content(self) -> bytes:
        """Return the body's bytes."""
        return self.body.encode() if isinstance(self.body, str) else self.body


Page = bytes | str | Answer | Callable[[str], bytes | str | Answer]


def in_turn(*pages: bytes | str | Answer) -> Callable[[str], bytes | str | Answer]:
    """Return a page that answers differently each time; the last answer stays."""
    left = list(pages)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class Server:
    """Serve `pages` from 127.0.0.1 while in its `with` block.

    Attributes:
        pages: path -> bytes or text (200, HTML), an `Answer`, or a function that is given the
            target (path and query) and returns one of these; other paths are answered 404.
        requests: the targets asked for so far, in their order.
        url: "http://127.0.0.1:PORT".
    """

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[str] = []
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
        self.requests.append(target)
        page = self.pages.get(urlsplit(target).path, Answer("no such page", 404))
        page = page(target) if callable(page) else page
        return page if isinstance(page, Answer) else Answer(page)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = server.answer(self.path)
                time.sleep(answer.delay)
                body = answer.content()
                usual = {"Content-Type": "text/html", "Content-Length": str(len(body))}
                self.send_response(answer.status)
                for name, value in {**usual, **answer.headers}.items():
                    self.send_header(name, value)
                with contextlib.suppress(ConnectionError):  # the client may have given up
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep the tests' output clean."""

        return Handler
