"""The errors that a user can cause: commands print them in one line and exit with 2."""

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "PriceError", "PriceWarning", "did_you_mean"]


class InputError(ValueError):
    """A parameter, option or file that cannot be used; the message says why and what to do."""


class PriceError(InputError):
    """A price table that cannot be trusted; the message names the first bad row."""


class PriceWarning(UserWarning):
    """Prices that are possible but unusual: check them before you rely on them."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Hint at the known name closest to a misspelt one, with a space after it, or "".

    >>> did_you_mean("epoch", ["epochs", "seed"])
    "did you mean 'epochs'? "
    """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""
