"""JSON from outside: read within limits, taken apart with errors that name the place."""

import json
from typing import Any, NoReturn

from coincast.errors import PriceError

__all__ = ["brief", "member", "parse_json"]

SIZE_LIMIT = 16 * 2**20  # bytes; a year of one coin is about 150 kB


def brief(value: object) -> str:
    """Return a value as one short line, for an error's text."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line


def parse_json(body: bytes | str, place: str) -> Any:  # noqa: ANN401 - it may hold anything
    """Return what a JSON text holds.

    Args:
        body: the text as it came.
        place: what it is, for the error's text.

    Raises:
        PriceError: HTML or something else that is no JSON, too large or nested too deeply.
    """
    if len(body) > SIZE_LIMIT:
        raise PriceError(f"{place} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period")
    start = body[:200].decode(errors="replace") if isinstance(body, bytes) else body[:200]
    if start.lstrip("\ufeff \t\r\n").startswith("<"):
        raise PriceError(
            f"{place} is HTML where JSON should be ({brief(start.strip())}); the address is wrong "
            "or the server refuses robots: check the address or try later"
        )
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise PriceError(
            f"{place} is JSON nested too deeply to hold prices; check the address"
        ) from None
    except ValueError as error:  # also bytes in no encoding and numbers of thousands of digits
        raise PriceError(
            f"{place} is no JSON ({brief(str(error))}); it is damaged or cut off: fetch it again"
        ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def member(value: object, name: str, kind: type, place: str) -> Any:  # noqa: ANN401 - of `kind`
    """Return a member of an object, if it is there and of its kind (a list, dict or str).

    Raises:
        PriceError: it is not; the message names member and place.
    """
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise PriceError(
            f"{place} has {name} {brief(found)} where a {kind.__name__} should be; the form of the "
            "answers has changed: use another source or an archived answer"
        )
    return found
