"""The errors a user can cause: commands print them in one line and exit with 2."""

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "PriceError", "PriceWarning", "did_you_mean"]


class InputError(ValueError):
    """A parameter, option or file that cannot be used; the message says why and what to do."""


class PriceError(InputError):
    """A price table that cannot be trusted; the message names the first bad row."""


class PriceWarning(UserWarning):
    """Rows that are possible but strange: look at them before you believe them."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest known name, for an error message; empty where none is near.

    >>> did_you_mean("etherium", ["bitcoin", "ethereum"])
    "did you mean 'ethereum'? "
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""
