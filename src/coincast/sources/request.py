"""What a source is asked for."""

import re
from dataclasses import dataclass
from datetime import date

from coincast.errors import InputError

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """Prices asked of a source: a coin (slug), a period (None: as far as it goes), options.

    Raises:
        InputError: the coin is no slug, or the period ends before it starts.
    """

    coin: str
    start: date | None = None
    end: date | None = None  # inclusive
    venue: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        # The slug becomes part of addresses and file names: nothing else may get in.
        if not re.fullmatch(r"[a-z0-9-]+", self.coin, flags=re.ASCII):
            raise InputError(
                f"coin {self.coin!r} is not a CoinMarketCap slug; "
                "use lower-case letters, digits and hyphens, for example 'bitcoin'"
            )
        if self.start and self.end and self.start > self.end:
            raise InputError(f"start {self.start} is after end {self.end}; swap them")

    def refuse(self, option: str, source: str) -> None:
        """Raise InputError when an option was given that this source has no use for."""
        if value := getattr(self, option):
            raise InputError(f"{option} {value!r} means nothing to source {source!r}; leave it out")
