"""What a source is asked for."""

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from coincast.errors import InputError, shown
from coincast.prices.days import FIRST_DAY, ONE_DAY, today

if TYPE_CHECKING:  # the bundled tables need no web client
    from coincast.prices.web.client import Client

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """A coin (slug), a period (None: as far as the source goes) and a source's options.

    Raises:
        InputError: the coin is not a slug, or the period ends before it starts.
    """

    coin: str
    start: date | None = None
    end: date | None = None  # inclusive
    venue: str = ""
    url: str = ""
    client: "Client | None" = None  # None: one without a cache

    def __post_init__(self) -> None:
        # The slug becomes part of addresses and file names: nothing else may get in.
        if not re.fullmatch(r"[a-z0-9-]+", self.coin, flags=re.ASCII):
            raise InputError(
                f"coin {shown(self.coin)} is not a CoinMarketCap slug; "
                "use lower-case letters, digits and hyphens, for example 'bitcoin'"
            )
        if self.start and self.end and self.start > self.end:
            raise InputError(f"start {self.start} is after end {self.end}; swap them")

    def refuse(self, option: str, source: str) -> None:
        """Raise InputError if an option was given that this source does not use."""
        if value := re.sub("//[^/?#]*@", "//***@", getattr(self, option)):  # without passwords
            raise InputError(
                f"{option} {shown(value)} means nothing to source {source!r}; leave it out"
            )

    def fill(self, template: str) -> str:
        """An address with {coin}, {start} and {end} filled in, days as YYYYMMDD.

        Raises:
            InputError: the template holds another placeholder.
        """
        values = {
            "coin": self.coin,
            "start": f"{self.start or FIRST_DAY:%Y%m%d}",
            "end": f"{self.end or today() - ONE_DAY:%Y%m%d}",
        }
        for name in re.findall(r"{(.*?)}", template):
            if name not in values:
                raise InputError(
                    f"url holds {shown('{' + name + '}')}; use only {{coin}}, {{start}} and {{end}}"
                )
        return re.sub(r"{(.*?)}", lambda match: values[match[1]], template)

    def cut(self, prices: pd.DataFrame) -> pd.DataFrame:
        """The days asked for.

        Raises:
            InputError: the table does not have them all.
        """
        first, last = prices.index[0].date(), prices.index[-1].date()
        start, end = self.start or first, self.end or last
        if start < first or end > last or start > end:
            raise InputError(
                f"{start}..{end} is outside the data: {self.coin} from {prices.attrs['source']} "
                f"{prices.attrs.get('venue', '')}".rstrip()
                + f" has {first}..{last}; choose start and end within, or scrape with --refresh if "
                "the source has more by now"
            )
        return prices.loc[str(start) : str(end)]
