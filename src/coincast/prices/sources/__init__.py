"""Where prices come from: one module per source, each with `load(request) -> prices`.

A source is imported only when it is asked for, so a run on the bundled tables does not depend on
the code of the others. A new source is a module here and a line in `MODULES`.
"""

import importlib
from collections.abc import Callable

import pandas as pd

from coincast.errors import InputError, did_you_mean, shown
from coincast.prices.sources.request import Request

__all__ = ["MODULES", "find_source"]

MODULES: dict[str, str] = {
    "bundled": "bundled",
    "html": "historical_page",
    "coinmarketcap": "coinmarketcap",
    "wayback": "wayback",
    "csv": "csv_table",
}


def find_source(name: str) -> Callable[[Request], pd.DataFrame]:
    """The function that loads prices from the source of that name.

    Raises:
        InputError: there is no such source.
    """
    if name not in MODULES:
        hint = did_you_mean(name, MODULES)
        raise InputError(f"source {shown(name)} is unknown; {hint}use one of {', '.join(MODULES)}")
    load: Callable[[Request], pd.DataFrame]
    load = importlib.import_module(f"{__name__}.{MODULES[name]}").load
    return load
