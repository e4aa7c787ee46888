"""Which price tables are accepted, and what is said about the others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices, price_tables

from coincast.errors import InputError, PriceError
from coincast.prices.schema import COLUMNS, as_prices, odd_rows, parse_date, validate_prices


def with_cell(day, column, value):
    """Return five valid days from 2018-01-09 on with one cell replaced."""
    prices = make_prices(5, seed=7, coin="ethereum", start="2018-01-09")
    prices.loc[pd.Timestamp(f"2018-01-{day}"), column] = value
    return prices


def with_index(*days):
    prices = make_prices(len(days), seed=7)
    return prices.set_axis(pd.DatetimeIndex(days, name="date"))


def test_validate_prices_takes_a_day_without_a_trade():
    prices = with_cell("11", ["open", "high", "low", "close"], 9.5)
    prices.loc["2018-01-11", "volume"] = 0
    assert validate_prices(prices) is prices


@pytest.mark.parametrize(
    ("day", "column", "value", "message"),
    [
        ("10", "open", np.nan, "open of 2018-01-10 is nan; .* missing"),
        ("11", "high", np.inf, "high of 2018-01-11 is inf; .* finite"),
        ("12", "volume", np.inf, "volume of 2018-01-12 is inf; .* finite"),
        ("13", "close", 0.0, "close of 2018-01-13 is 0; .* positive"),
        ("09", "low", -3.25, "low of 2018-01-09 is -3.25; .* positive"),
        ("10", "volume", -1.0, "volume of 2018-01-10 is -1; .* negative"),
        ("12", "open", 1e99, r"open of 2018-01-12 is 1e\+99; no price is above 1e\+12"),
        ("12", "high", 123456789012345678901234567890.0, "high of 2018-01-12 is 1.23.*above"),
        ("12", "low", 1e-99, "low of 2018-01-12 is 1e-99; no price is below 1e-18"),
        ("12", "volume", 1e99, r"volume of 2018-01-12 is 1e\+99; .* large"),
        ("12", "market_cap", 1e30, r"market_cap of 2018-01-12 is 1e\+30; .* large"),
        ("11", "market_cap", -2.0, "market_cap of 2018-01-11 is -2; .* negative"),
    ],
)
def test_validate_prices_names_cell_and_rule_of_an_impossible_number(day, column, value, message):
    with pytest.raises(PriceError, match=f"^ethereum makers: {message}"):
        validate_prices(with_cell(day, column, value))


@pytest.mark.parametrize(
    ("open_", "high", "low", "close", "fault"),
    [
        (5.0, 4.0, 6.0, 5.0, "high is below low"),
        (5.0, 9.0, 5.5, 6.0, "low is above open or close"),
        (6.0, 9.0, 5.5, 5.0, "low is above open or close"),
        (8.0, 7.0, 4.0, 5.0, "high is below open or close"),
        (5.0, 7.0, 4.0, 8.0, "high is below open or close"),
    ],
)
def test_validate_prices_shows_the_bar_that_cannot_be(open_, high, low, close, fault):
    prices = with_cell("12", ["open", "high", "low", "close"], [open_, high, low, close])
    cells = rf"\(open {open_:g}, high {high:g}, low {low:g}, close {close:g}\)"
    with pytest.raises(PriceError, match=f"2018-01-12: {fault} {cells}"):
        validate_prices(prices)


def test_validate_prices_names_the_first_of_several_bad_cells():
    prices = with_cell("12", "open", np.nan)
    prices.loc["2018-01-10", ["low", "close"]] = np.nan
    with pytest.raises(PriceError, match="low of 2018-01-10 is nan"):
        validate_prices(prices)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (["2018-01-01", "2018-01-02 05:00"], "2018-01-02 05:00:00"),
        (["2018-01-01", "2018-01-02", "2018-01-02"], "2018-01-02 .* 2 times"),
        (["2018-01-01", "2018-01-02", "2018-01-05"], "2 missing .* 2018-01-03"),
        (["2018-01-01", None, "2018-01-02"], "a row has no date"),
    ],
)
def test_validate_prices_tells_what_is_wrong_with_the_days(days, message):
    with pytest.raises(PriceError, match=f"^bitcoin makers: {message}"):
        validate_prices(with_index(*days))


def test_validate_prices_refuses_a_table_without_rows():
    with pytest.raises(PriceError, match="no rows"):
        validate_prices(make_prices(3, seed=1).iloc[:0])


def test_validate_prices_speaks_of_prices_when_no_coin_is_known():
    prices = with_cell("10", "low", -1.0)
    prices.attrs = {}
    with pytest.raises(PriceError, match=r"^prices: low of 2018-01-10"):
        validate_prices(prices)


@given(prices=price_tables(min_days=2), random=st.randoms(use_true_random=False))
def test_as_prices_gives_the_same_table_for_shuffled_rows_and_columns(prices, random):
    rows = random.sample(range(len(prices)), len(prices))
    columns = random.sample(COLUMNS, len(COLUMNS))
    again = as_prices(prices.iloc[rows][columns], coin="eos")
    pd.testing.assert_frame_equal(again, prices, check_exact=True)
    assert validate_prices(again).attrs == {"coin": "eos"}


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_as_prices_takes_days_of_any_resolution_and_zone(unit):
    prices = make_prices(4, seed=2)
    days = prices.index.as_unit(unit).tz_localize("UTC").tz_convert("America/New_York")
    again = as_prices(prices.set_axis(days))
    pd.testing.assert_index_equal(again.index, prices.index, exact=True)


def test_as_prices_refuses_a_day_that_pandas_cannot_count():
    prices = make_prices(1, seed=2)
    with pytest.raises(PriceError, match="9999-12-31"):
        as_prices(prices.set_axis(pd.DatetimeIndex(["9999-12-31"], dtype="datetime64[s]")))


def test_as_prices_fills_unknown_volume_and_market_cap_and_leaves_its_argument_alone():
    prices = make_prices(4, seed=2)[["close", "low", "high", "open"]].astype("float32")
    before = prices.copy(deep=True)
    found = validate_prices(as_prices(prices))
    assert found[["volume", "market_cap"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(prices, before)


def test_as_prices_names_the_missing_column_and_those_found():
    table = make_prices(3, seed=1).drop(columns="low")
    with pytest.raises(PriceError, match=r"'low' .*'open', 'high', 'close', "):
        as_prices(table)


@pytest.mark.parametrize(
    "text", ["13.1.2018", "20180113", "2018-W02-6", "2018-02-30", "2018-1-3", " 2018-01-03", "x"]
)
def test_parse_date_refuses_other_forms_and_days(text):
    with pytest.raises(InputError, match=f"end '{text}'"):
        parse_date(text, "end")


def test_odd_rows_suspects_volume_above_market_cap_on_every_day():
    prices = make_prices(12, seed=1)
    swapped = prices.rename(columns={"volume": "market_cap", "market_cap": "volume"})
    swapped.attrs = prices.attrs
    assert odd_rows(prices) == []
    assert "the two columns may be swapped" in odd_rows(swapped)[0]
