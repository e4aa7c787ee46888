"""Addresses, and what they may read from this machine."""

import urllib.parse
import urllib.request
from pathlib import Path

from coincast.errors import InputError, redacted, shown

__all__ = ["find_scheme", "is_web", "local_path", "show"]

LINE = 200  # characters of an address that a message shows


def show(url: str) -> str:
    """An address for an error message: redacted, cut, without control characters."""
    return f"{redacted(url)!r:.{LINE}}"


def is_web(url: str) -> bool:
    """Whether an address is http or https."""
    return url.lower().startswith(("http://", "https://"))


def find_scheme(url: str) -> str:
    """The scheme: http, https or file.

    Raises:
        InputError: it is another one, or the text is no address.
    """
    try:
        scheme = urllib.parse.urlsplit(url).scheme
    except ValueError as error:
        raise InputError(f"url {show(url)} is not an address: {error}; check it") from error
    if scheme not in {"http", "https", "file"}:
        raise InputError(
            f"url {show(url)} has the scheme {shown(scheme)}; use http://, https:// or file://"
        )
    return scheme


def local_path(url: str) -> Path:
    """The path that a file address names."""
    return Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path))
