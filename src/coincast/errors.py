"""The errors a user can cause: commands print them in one line and exit with 2."""

import difflib
import re
from collections.abc import Iterable

__all__ = [
    "InputError", "PriceError", "PriceWarning", "UntraceableError", "did_you_mean", "redacted",
    "shown",
]  # fmt: skip

MOST_SHOWN = 80  # characters of a value in a message
SECRETS = re.compile(
    r"([?&][^=&#\s]*(?:key|token|secret|passw|auth|signature)[^=&#\s]*=)[^&#\s\"']*", re.IGNORECASE
)


class InputError(ValueError):
    """A parameter, option or file that cannot be used; the message says why and what to do."""


class PriceError(InputError):
    """A price table that cannot be trusted; the message names the first bad row."""


class UntraceableError(InputError):
    """A Keras model that JAX cannot trace; TensorFlow may train it, one fit after another."""


class PriceWarning(UserWarning):
    """Rows that are possible but strange: look at them before you believe them."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest known name, for an error message; empty where none is near.

    >>> did_you_mean("etherium", ["bitcoin", "ethereum"])
    "did you mean 'ethereum'? "
    """
    near = difflib.get_close_matches(name[:MOST_SHOWN], list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def shown(value: object) -> str:
    r"""A value from outside as a message shows it: quoted, escaped and not too long.

    >>> shown("\x1b[2J"), len(shown("x" * 5000))
    ("'\\x1b[2J'", 80)
    """
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 4]}...{text[-1]}"


def redacted(url: str) -> str:
    """An address, or a text that holds addresses, without the passwords and keys in it.

    >>> redacted("https://ann:word@example.org/{coin}?start=1&api_key=abc")
    'https://***@example.org/{coin}?start=1&api_key=***'
    """
    return SECRETS.sub(r"\1***", re.sub(r"(?<=://)[^/?#\s\"']+@", "***@", url))
