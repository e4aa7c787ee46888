"""The data inside CoinMarketCap's pages of 2019 to 2021, which their tables were drawn from."""

from lxml.html import HtmlElement

from coincast.errors import PriceError
from coincast.prices.parsing.answers import parse_json
from coincast.prices.parsing.quotes import read_quotes
from coincast.prices.sources.stitch import Part

__all__ = ["read_next_data"]

PATH = ("props", "initialState", "cryptocurrency", "ohlcvHistorical")


def read_next_data(tree: HtmlElement) -> Part | None:
    """Return the quotes inside a page; None where it has none.

    Args:
        tree: the page; looked at is `<script id="__NEXT_DATA__">`, which is JSON and no script.

    Raises:
        PriceError: the data cannot be read or are about several coins.
    """
    scripts = tree.xpath("//script[@id='__NEXT_DATA__']")
    if not scripts:
        return None
    place = "__NEXT_DATA__ of the page"
    found = parse_json(scripts[0].text or "", place)
    for name in PATH:
        found = found.get(name) if isinstance(found, dict) else None
    entries = list(found.values()) if isinstance(found, dict) else []
    listed = [entry["quotes"] for entry in entries if isinstance(entry, dict) and "quotes" in entry]
    filled = [quotes for quotes in listed if quotes]
    if len(filled) > 1:
        raise PriceError(
            f"{place} has quotes of {len(filled)} coins; give a page that shows one of them"
        )
    return (place, read_quotes(filled[0], place)) if filled else None
