"""Where prices come from: one module a source, each with `load(request) -> prices`.

A new source is a module here and a line in `SOURCES`.
"""

from collections.abc import Callable

import pandas as pd

from coincast.sources import bundled, coinmarketcap, csv, html, wayback
from coincast.sources.request import Request

__all__ = ["SOURCES", "Request"]

SOURCES: dict[str, Callable[[Request], pd.DataFrame]] = {
    "bundled": bundled.load,
    "html": html.load,
    "coinmarketcap": coinmarketcap.load,
    "wayback": wayback.load,
    "csv": csv.load,
}
