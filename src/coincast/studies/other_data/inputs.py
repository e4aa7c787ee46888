"""What a coin's own prices and other series tell at the end of each day."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coincast.datasets.series import RATIO, join_series, load_series
from coincast.errors import InputError, shown
from coincast.studies.skill.tasks import changes, coin_table

__all__ = ["GROUPS", "group_columns", "known_days", "lead_lag", "load_groups", "other_table",
           "placebo"]  # fmt: skip

GROUPS = {
    "markets": ("sp500", "nasdaq", "vix", "wti"),
    "searches": ("google_bitcoin", "google_ethereum", "google_blockchain", "google_cryptocurrency"),
    "posts": ("tweets", "tweet_sentiment", "reddit_sentiment"),
}
YEAR = 364  # days: whole weeks, so that a weekend stays one


def load_groups(names: Sequence[str], headlines: str = "") -> dict[str, list[pd.DataFrame]]:
    """Group -> its series; a series that is not bundled belongs to the group "own".

    Args:
        names: keys of `GROUPS`, or as `load_series` takes them.
        headlines: path of a table that `scripts/score_news.py` wrote; empty for none.

    Raises:
        InputError: a name is there twice, or as in `load_series`.
    """
    names = [name for group in names for name in GROUPS.get(group, (group,))]
    of_name = {name: group for group, members in GROUPS.items() for name in members}
    groups: dict[str, list[pd.DataFrame]] = {}
    for name in names:
        groups.setdefault(of_name.get(name, "own"), []).append(load_series(name))
    known = [series.attrs["name"] for members in groups.values() for series in members]
    if twice := [name for name in known if known.count(name) > 1]:
        raise InputError(f"series {shown(twice[0])} is named twice; name each once")
    return groups | ({"headlines": [load_series(headlines)]} if headlines else {})


def other_table(
    coin: str, prices: Mapping[str, pd.DataFrame], groups: Mapping[str, list[pd.DataFrame]]
) -> pd.DataFrame:
    """Features of a coin, and what is known beside them.

    Args:
        coin: whose next day is forecast.
        prices: coin -> prices, whole, so that no series goes on after them.
        groups: as `load_groups` gives them.

    Returns:
        As `coin_table`, with `volume_change`; then columns `{group}:{series}`: day-to-day changes
        of what was known at the end of the day, NaN where nothing was. The group "coins" holds
        change, range and change of volume of each other coin.
    """
    own = coin_table(prices[coin]).assign(volume_change=changes(prices[coin]["volume"]))
    others = {
        f"coins:{name} {column}": values.reindex(own.index)
        for name, table in prices.items() if name != coin
        for column, values in _own_changes(table).items()
    }  # fmt: skip
    joined = {
        f"{group}:{name}": values
        for group, members in groups.items()
        for series in members
        for name, values in _series_changes(series, pd.DatetimeIndex(own.index)).items()
    }
    return own.assign(**others, **joined)


def _own_changes(prices: pd.DataFrame) -> pd.DataFrame:
    table = coin_table(prices)
    return table[["daily_change", "log_range"]].assign(volume_change=changes(table["volume"]))


def _series_changes(series: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    joined, name = join_series(series, days), series.attrs["name"]
    names = [name] if len(joined.columns) == 1 else [f"{name} {column}" for column in joined]
    known = joined if series.attrs["scale"] == RATIO else pd.DataFrame(changes(joined))
    return known.set_axis(names, axis="columns")


def group_columns(table: pd.DataFrame) -> dict[str, list[str]]:
    """Group -> its columns in a table of `other_table`."""
    groups: dict[str, list[str]] = {}
    for column in table:
        if ":" in column:
            groups.setdefault(column.partition(":")[0], []).append(column)
    return groups


def known_days(table: pd.DataFrame, origins: pd.Series, least_known: int) -> pd.DataFrame:
    """Whether a group counts on a target's day.

    It does if it is known on the day before, and if the model could learn from it.

    Args:
        table: as `other_table` gives it.
        origins: target's day -> the first target's day of the same fold.
        least_known: days on which a group was known when the model was fitted.

    Returns:
        Index as `origins`; one column per group and `all`, which counts on every day.
    """
    one_day, found = pd.Timedelta(days=1), {}
    for group, columns in group_columns(table).items():
        known = table[columns].notna().any(axis=1)
        learnt = known.cumsum().reindex(origins - one_day).to_numpy() > least_known
        found[group] = known.reindex(origins.index - one_day).to_numpy() & learnt
    return pd.DataFrame(found, index=origins.index).assign(all=True)


def placebo(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the years of each group permuted: each takes the place of the year before.

    A series keeps its own distribution, memory, weekends and relation to the others of its group,
    and loses its relation to the coin. One of less than two years is cut in halves.
    """
    changed = table.copy()
    for columns in group_columns(table).values():
        known = np.flatnonzero(table[columns].notna().any(axis=1))
        rows = slice(known[0], known[-1] + 1)
        values = table[columns].to_numpy()[rows]
        shift = YEAR if len(values) >= 2 * YEAR else len(values) // 14 * 7
        changed.iloc[rows, table.columns.get_indexer(columns)] = np.roll(values, -shift, axis=0)
    return changed


def lead_lag(table: pd.DataFrame, days: int = 2) -> pd.DataFrame:
    """Rank correlation of each attention series with the coin's change of volume, by lag.

    Args:
        table: as `other_table` gives it.
        days: largest lag.

    Returns:
        One row per column of the groups of attention; one column per lag, where lag 1 pairs the
        series with the volume of the next day; and `n`.
    """
    columns = [c for group in ("searches", "posts") for c in group_columns(table).get(group, [])]
    found = {
        column: {
            **{
                str(lag): table[column].corr(table["volume_change"].shift(-lag), method="spearman")
                for lag in range(-days, days + 1)
            },
            "n": table[column].notna().sum(),
        }
        for column in columns
    }
    return pd.DataFrame(found).T
