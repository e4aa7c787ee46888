"""JSON from outside: read within limits, taken apart with errors that name the place."""

import json
from typing import Any, NoReturn

from coincast.errors import PriceError, shown

__all__ = ["member", "parse_json"]

SIZE_LIMIT = 16 * 2**20  # bytes; a year of one coin is about 150 kB


def parse_json(body: bytes | str, place: str) -> Any:  # noqa: ANN401 - it may hold anything
    """The content of a JSON text.

    Args:
        body: the text as it came.
        place: what it is, for error messages.

    Raises:
        PriceError: it is HTML or otherwise not JSON, too large or nested too deeply, or an object
            has two members of one name.
    """
    if len(body) > SIZE_LIMIT:
        raise PriceError(f"{place} is larger than {SIZE_LIMIT >> 20} MiB; ask for a shorter period")
    start = body[:200].decode(errors="replace") if isinstance(body, bytes) else body[:200]
    if start.lstrip("\ufeff \t\r\n").startswith("<"):
        raise PriceError(
            f"{place} is HTML instead of JSON ({shown(start.strip())}); the address is wrong or "
            "the server refuses robots: check the address or try later"
        )
    try:
        return json.loads(
            body, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repetition
        )
    except RecursionError:
        raise PriceError(
            f"{place} is nested too deeply to be JSON of prices; check the address"
        ) from None
    except ValueError as error:  # also bytes in no encoding and numbers of thousands of digits
        raise PriceError(
            f"{place} is not JSON ({shown(str(error))}); it is damaged or cut off: fetch it again"
        ) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _refuse_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shown(repeated)} appears twice in one object")
    return found


def member(value: object, name: str, kind: type, place: str) -> Any:  # noqa: ANN401 - of `kind`
    """A member of an object, checked to be there and of its kind (a list, dict, str or int).

    Raises:
        PriceError: it is not; the message names member and place.
    """
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise PriceError(
            f"{place} has {name} {shown(found)} where a {kind.__name__} should be; the format of "
            "the answers has changed: use another source or an archived answer"
        )
    return found
