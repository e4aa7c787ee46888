"""Daily series that are not prices of a coin: other markets, attention, sentiment, news.

A series of your own is a CSV file `date,known,VALUE,...` with a JSON of the same stem beside it,
whose members are `unit`, `origin`, `licence`, `closed_on_weekends`, `scale` and, if you like,
`provenance`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coincast.datasets.leakage import check_closed_days
from coincast.errors import InputError, PriceError, did_you_mean, shown
from coincast.files import read_limited, write_together
from coincast.paths import SERIES, SERIES_ABOUT
from coincast.prices.parsing.delimited_text import read_rows
from coincast.prices.parsing.untrusted_json import SIZE_LIMIT, parse_json
from coincast.prices.schema import parse_date
from coincast.prices.sources.bundled import read_table

__all__ = ["RATIO", "SCALES", "join_series", "load_series", "validate_series", "write_series"]

RATIO = "ratio inside a window"
SCALES = ("absolute", "counts", RATIO)
ABOUT = {"unit": str, "origin": str, "licence": str, "closed_on_weekends": bool, "scale": str}
CARRY_DAYS = 7  # longer than any holiday; an older value says nothing of today
FULL_SCALE = 100.0


def load_series(name_or_path: str) -> pd.DataFrame:
    """A series, validated.

    Args:
        name_or_path: a bundled one, for example "vix", or the path of a CSV file of your own.

    Returns:
        Index `date` (tz-naive UTC days, ascending); `known`, the UTC day at whose end the row was
        known; one or more columns of values. `attrs` hold name, unit, origin, licence,
        `closed_on_weekends` and `scale`: "absolute"; "counts", which may well peak at 100; or
        "ratio inside a window" for logarithms of day-to-day ratios, each taken inside one window
        of a scale that looks ahead.

    Raises:
        InputError: there is no such series, or it cannot be trusted.

    >>> load_series("sp500").loc["2018-01-12":"2018-01-16", "sp500"].tolist()
    [2786.23999, 2776.419922]
    """
    if Path(name_or_path).suffix.lower() == ".csv":
        return validate_series(_read_own(Path(name_or_path).expanduser()))
    about = _read_about(SERIES_ABOUT)
    if name_or_path not in about:
        raise InputError(
            f"series {shown(name_or_path)} is not bundled; {did_you_mean(name_or_path, about)}"
            f"use one of {', '.join(about)}, or the path of a .csv file"
        )
    table = read_table(SERIES, ["known", "series", "column", "value"])
    rows = table[table["series"] == name_or_path].reset_index()
    wide = rows.pivot_table("value", ["date", "known"], "column", sort=False)
    series = wide.reset_index("known").rename_axis(columns=None)
    series.attrs = {"name": name_or_path, **about[name_or_path]}
    return validate_series(series)


def validate_series(series: pd.DataFrame) -> pd.DataFrame:
    """The same series, if it can be trusted.

    Args:
        series: as `load_series` gives it.

    Raises:
        InputError: a day is there twice or out of order; a row was known before its day; a value is
            no finite number or changes on a weekend on which the market is closed; a scale ends at
            its own maximum of 100; or something is not said about the series.
    """
    name = _check_about(series.attrs)
    values = series.drop(columns="known", errors="ignore")
    if values.empty or "known" not in series:
        raise InputError(f"{name} needs rows with date, known and a value; add what is missing")
    for before, day in zip(series.index, series.index[1:], strict=False):
        if day <= before:
            order = "is there twice" if day == before else f"comes after {before:%Y-%m-%d}"
            raise InputError(f"{name}: {day:%Y-%m-%d} {order}; keep one row per day, oldest first")
    early = series.index[series["known"] < series.index]
    if len(early):
        known = series.loc[early[0], "known"]
        raise InputError(
            f"{name}: the row of {early[0]:%Y-%m-%d} was known on {known:%Y-%m-%d}, before its "
            "day; correct `known`"
        )
    wrong = np.argwhere(~np.isfinite(values.to_numpy(dtype=np.float64)))
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"{name}: {values.columns[column]} of {values.index[row]:%Y-%m-%d} is "
            f"{values.iloc[row, column]}, not a finite number; leave the day out"
        )
    _check_scale(values, series.attrs, name)
    return series


def _check_about(about: Mapping[str, object]) -> str:
    """The series' name, if all is said about it."""
    name = str(about.get("name", "the series"))
    for key, kind in ABOUT.items():
        if not isinstance(about.get(key), kind):
            raise InputError(
                f"{name}: {key} is {shown(about.get(key))}, not a {kind.__name__}; correct the "
                "JSON beside its CSV file"
            )
    if about["scale"] not in SCALES:
        raise InputError(f"{name}: scale {shown(about['scale'])} is none of {', '.join(SCALES)}")
    return name


def _check_scale(values: pd.DataFrame, about: Mapping[str, object], name: str) -> None:
    """Refuse values that were made from later ones."""
    if about["closed_on_weekends"] and (leaks := check_closed_days(values)):
        column, day = leaks[0].column, leaks[0].day
        raise InputError(
            f"{name}: {column} changes to {values.loc[day, column]:.6g} on {day:%A %Y-%m-%d}, when "
            "its market is closed, so it is interpolated towards a later value; leave out the "
            "days without trading"
        )
    full = (values.min() >= 0) & (values.max() == FULL_SCALE)
    if about["scale"] == "absolute" and full.any():
        column = str(full.idxmax())
        day = values[column].idxmax()
        raise InputError(
            f"{name}: {column} is scaled to its own maximum, 100 on {day:%Y-%m-%d}, which nobody "
            f"knew before; give logarithms of day-to-day ratios and say scale {RATIO!r}"
        )


def join_series(series: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """What was known of a series at the end of each day.

    Args:
        series: as `load_series` gives it.
        days: days of prices, ascending.

    Returns:
        Index `days`; the columns of values. A value is carried forward, at most seven days, from
        the day on which it was known; a ratio, which belongs to its own day, is not. NaN where
        nothing is known.

    Raises:
        InputError: the series goes on after the last of the days, or there are none.

    >>> days = pd.date_range("2018-01-12", periods=4, name="date")  # from a Friday on
    >>> join_series(load_series("sp500").loc[:"2018-01-15"], days)["sp500"].tolist()
    [2786.23999, 2786.23999, 2786.23999, 2786.23999]
    """
    name = series.attrs.get("name", "the series")
    if days.empty:
        raise InputError(f"there is no day of prices to join {name} to; use a longer period")
    last = days[-1]
    if len(series) and series.index[-1] > last:
        raise InputError(
            f"{name} has a value for {series.index[-1]:%Y-%m-%d}, after the last day of prices, "
            f"{last:%Y-%m-%d}; cut it there or use longer prices"
        )
    rows = series.reset_index().sort_values(["known", "date"], kind="stable")
    newest = rows[rows["date"] == rows["date"].cummax()]  # a late correction is no news
    carried = 0 if series.attrs.get("scale") == RATIO else CARRY_DAYS
    joined = pd.merge_asof(
        pd.DataFrame({"known": days}).astype("datetime64[ns]"),
        newest.drop(columns="date").astype({"known": "datetime64[ns]"}),
        on="known",
        tolerance=pd.Timedelta(days=carried),
    )
    return joined.drop(columns="known").set_index(days)


def write_series(series: pd.DataFrame, path: Path, provenance: Mapping[str, object]) -> None:
    """Write a validated series as a CSV file, with the JSON beside it.

    Args:
        series: as `load_series` gives it.
        path: of the CSV file; its suffix is ".csv".
        provenance: where the values come from, kept in the JSON.

    Raises:
        InputError: as in `validate_series`, or a file cannot be written.
    """
    table = validate_series(series).to_csv(date_format="%Y-%m-%d", lineterminator="\n")
    about = {key: series.attrs[key] for key in ABOUT} | {"provenance": dict(provenance)}
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    write_together({path: table, path.with_suffix(".json"): text})


def _read_own(path: Path) -> pd.DataFrame:
    """A series of your own, with what the JSON beside it says, not validated."""
    try:
        header, numbered = read_rows(_read(path))
    except PriceError as error:
        raise InputError(f"{path.name}: {error}") from error
    rows = [row for _, row in numbered]
    names = [name.strip() for name in header]
    if names[:2] != ["date", "known"] or len(set(names)) < len(names):
        raise InputError(
            f"{path.name} begins with {shown(header)}; its columns must be date, known and those "
            "of its values, each named once"
        )
    numbers = [[_number(text, path.name, row[0]) for text in row[2:]] for row in rows]
    dates, known = (_days([row[place] for row in rows], path.name) for place in (0, 1))
    series = pd.DataFrame(numbers, dates.rename("date"), names[2:], dtype="float64")
    series.insert(0, "known", known)
    series.attrs = {"name": path.stem, **_read_about(path.with_suffix(".json"))}
    return series


def _days(texts: list[str], place: str) -> pd.DatetimeIndex:
    days = [parse_date(text.strip(), f"{place}: day") for text in texts]
    if None in days:
        raise InputError(f"{place}: a day is empty; write each as YYYY-MM-DD")
    return pd.DatetimeIndex(days).as_unit("ns")


def _number(text: str, place: str, day: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(
            f"{place}: the value {shown(text)} of {day} is not a number; leave the day out"
        ) from None


def _read(path: Path) -> bytes:
    remedy = "a series is a CSV file of daily values with a JSON file of the same stem beside it"
    return read_limited(path, SIZE_LIMIT, remedy)


def _read_about(path: Path) -> dict[str, dict[str, object]]:
    about = parse_json(_read(path), path.name)
    if not isinstance(about, dict):
        raise InputError(f"{path.name} holds {shown(about)}, not an object with unit and origin")
    return about
