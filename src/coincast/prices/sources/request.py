"""What a source is asked for."""

import re
from dataclasses import dataclass, field
from datetime import date

from coincast.errors import InputError
from coincast.prices.days import FIRST_DAY, ONE_DAY, today
from coincast.prices.web.client import Client

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
    client: Client = field(default_factory=Client, compare=False)

    def __post_init__(self) -> None:
        # The slug becomes part of addresses and file names: nothing else may get in.
        if not re.fullmatch(r"[a-z0-9-]+", self.coin, flags=re.ASCII):
            raise InputError(
                f"coin {self.coin!r} is not a CoinMarketCap slug; "
                "use lower-case letters, digits and hyphens, for example 'bitcoin'"
            )
        if self.start and self.end and self.start > self.end:
            raise InputError(f"start {self.start} is after end {self.end}; swap them")

    @property
    def is_past(self) -> bool:
        """Tell whether the asked period ends before today (UTC): its answers stay as they are."""
        return self.end is not None and self.end < today()

    def refuse(self, option: str, source: str) -> None:
        """Raise InputError when an option was given that this source has no use for."""
        if value := getattr(self, option):
            raise InputError(f"{option} {value!r} means nothing to source {source!r}; leave it out")

    def fill(self, template: str) -> str:
        """Return an address: {coin}, {start} and {end} filled, days as YYYYMMDD.

        Raises:
            InputError: the template holds another placeholder.
        """
        values = {
            "coin": self.coin,
            "start": f"{self.start or FIRST_DAY:%Y%m%d}",
            "end": f"{self.end or today() - ONE_DAY:%Y%m%d}",
        }
        names = re.findall(r"{(.*?)}", template)
        if unknown := [name for name in names if name not in values]:
            raise InputError(
                f"url {template!r} holds {{{unknown[0]}}}; "
                "only {coin}, {start}, {end} are filled"
            )
        return re.sub(r"{(.*?)}", lambda match: values[match[1]], template)
