"""Where prices come from: one module a source, each with `load(request) -> prices`.

A new source is a module here and a line in `SOURCES`.
"""

import difflib
from collections.abc import Callable

import pandas as pd

from coincast.errors import InputError
from coincast.prices.sources import bundled, coinmarketcap, csv_table, historical_page, wayback
from coincast.prices.sources.request import Request

__all__ = ["SOURCES", "Request", "find_source"]

SOURCES: dict[str, Callable[[Request], pd.DataFrame]] = {
    "bundled": bundled.load,
    "html": historical_page.load,
    "coinmarketcap": coinmarketcap.load,
    "wayback": wayback.load,
    "csv": csv_table.load,
}


def find_source(name: str) -> Callable[[Request], pd.DataFrame]:
    """Return what loads prices from the source of that name.

    Raises:
        InputError: there is no such source.
    """
    if name not in SOURCES:
        near = difflib.get_close_matches(name, SOURCES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InputError(f"source {name!r} is unknown; {hint}use one of {', '.join(SOURCES)}")
    return SOURCES[name]
