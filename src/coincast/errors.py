"""The errors a user can cause: commands print them in one line and exit with 2."""

__all__ = ["InputError", "PriceError", "PriceWarning"]


class InputError(ValueError):
    """A parameter, option or file that cannot be used; the message says why and what to do."""


class PriceError(InputError):
    """A price table that cannot be trusted; the message names the first bad row."""


class PriceWarning(UserWarning):
    """Rows that are possible but strange: look at them before you believe them."""
