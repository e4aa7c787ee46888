"""Each repair of the upstream price files, on tables small enough to work out by hand."""

import pandas as pd
import pytest
import repairs

from coincast.errors import PriceError


def bars(first, rows, freq="D"):
    """Return bars from rows of open, high, low, close, volume."""
    index = pd.date_range(first, periods=len(rows), freq=freq, name="date")
    return pd.DataFrame(rows, index=index, columns=repairs.FIELDS, dtype="float64")


def series(first, rows):
    return bars(first, rows).assign(source="upstream")


def days(*names):
    return pd.DatetimeIndex(names)


def coinbase_hours(*labels):
    """Return raw hourly rows, numbered in their order by the close."""
    row = {"open": 5.0, "high": 99.0, "low": 1.0, "volume_btc": 2.0, "volume": 700.0}
    return pd.DataFrame([{"date": d, **row, "close": 10.0 + n} for n, d in enumerate(labels)])


def test_coin_bars_takes_columns_by_name_when_close_comes_second():
    table = pd.DataFrame({"Date": ["2018-01-01 00:30:00", "2018-01-02 00:00:00"]})
    table[["X.open", "X.close", "X.high", "X.low", "X.volume"]] = [[2.0, 3.0, 4.0, 1.0, 9.0]] * 2
    found = repairs.coin_bars(table, "X")
    assert found.iloc[0].to_dict() == {"open": 2, "high": 4, "low": 1, "close": 3, "volume": 9}
    assert found.index[0] == pd.Timestamp("2018-01-01 00:30")


def test_coin_bars_leaves_out_days_before_the_coin_existed_and_the_partial_last_day():
    hours = ["2017-12-31 23:00", "2018-01-01 22:00", "2018-01-01 23:00", "2018-01-02 00:00"]
    table = pd.DataFrame({"day": [*hours, "2018-01-02 01:00"]})
    table[[f"X:{field}" for field in repairs.FIELDS]] = [
        [None] * 5,
        *[[2.0, 4.0, 1.0, 3.0, 9.0]] * 4,
    ]
    assert list(repairs.coin_bars(table, "X").index) == list(pd.DatetimeIndex(hours[1:3]))


def test_coin_bars_names_the_column_that_is_missing():
    with pytest.raises(PriceError, match="ETH:open"):
        repairs.coin_bars(pd.DataFrame({"day": ["2018-01-01"], "BTC:open": [1.0]}), "ETH")


@pytest.mark.parametrize(
    ("label", "utc"),
    [
        ("2017-09-22 07-PM", "2017-09-22 19:00"),  # the last right label
        ("2017-09-22 08-PM", "2017-09-23 00:00"),  # summer time in New York
        ("2017-11-05 12-AM", "2017-11-05 04:00"),
        ("2017-11-05 01-AM", "2017-11-05 06:00"),  # winter time
        ("2017-11-11 10-PM", "2017-11-12 03:00"),
        ("2017-11-12 04-AM", "2017-11-12 04:00"),  # right again
    ],
)
def test_fix_coinbase_clock_moves_labels_at_the_ends_of_segments(label, utc):
    found = repairs.fix_coinbase_clock(coinbase_hours(label))
    assert list(found.index) == [pd.Timestamp(utc)]


def test_fix_coinbase_clock_deletes_the_five_repeats_and_sorts():
    repeats = ["2017-11-11 11-PM", *(f"2017-11-12 {hour}-AM" for hour in ("12", "01", "02", "03"))]
    newest_first = ["2017-11-12 05-AM", *repeats[::-1], "2017-11-12 04-AM"]
    found = repairs.fix_coinbase_clock(coinbase_hours(*newest_first))
    assert found["close"].tolist() == [16.0, 10.0]
    assert found["volume"].tolist() == [2.0, 2.0]  # bitcoins, not dollars


def test_aggregate_sums_half_hours_to_hours_and_leaves_gaps():
    half_hours = bars(
        "2018-01-01 10:30", [[3, 9, 2, 4, 1], [4, 5, 3, 5, 10], [5, 8, 1, 6, 5]], "30min"
    )
    later = bars("2018-01-01 13:00", [[6, 7, 5, 7, 2]], "30min")
    found = repairs.aggregate(pd.concat([half_hours, later]), "h")
    assert found.to_numpy().tolist() == [[3, 9, 2, 4, 1], [4, 8, 1, 6, 15], [6, 7, 5, 7, 2]]
    assert found.index.hour.tolist() == [10, 11, 13]


def test_apply_basis_multiplies_prices_by_the_ratio_of_their_hour():
    ether = bars("2018-12-01", [[100, 120, 80, 110, 7], [110, 130, 90, 120, 8]], "h")
    venue = bars("2018-12-01", [[1, 1, 1, 950, 1], [1, 1, 1, 1940, 1]], "h")
    other = bars("2018-12-01", [[5, 5, 5, 1000, 5], [5, 5, 5, 2000, 5]], "h")
    found = repairs.apply_basis(ether, venue, other)
    assert found.iloc[0].tolist() == pytest.approx([95, 114, 76, 104.5, 7])
    assert found.iloc[1].tolist() == pytest.approx([106.7, 126.1, 87.3, 116.4, 8])


def test_apply_basis_keeps_the_last_ratio_where_an_hour_has_none():
    ether = bars("2018-12-01 00:00", [[100, 100, 100, 100, 1]] * 3, "h")
    venue = bars("2018-12-01 01:00", [[1, 1, 1, 30, 1]], "h")
    other = bars("2018-12-01 01:00", [[1, 1, 1, 40, 1]], "h")
    found = repairs.apply_basis(ether, venue, other)
    assert found["close"].tolist() == [75.0, 75.0]
    assert found.index.hour.tolist() == [1, 2]  # at 00:00 nothing is known yet


def test_scale_volume_multiplies_by_the_median_ratio_of_the_days_before():
    lender = bars("2018-01-01", [[1, 1, 1, 1, 10]] * 40)
    # The ratios rise 1, 2, 3, ...: those of the 31 days before 2018-02-02 are 2 to 32.
    borrower = bars("2018-01-01", [[1, 1, 1, 1, 10 * ratio] for ratio in range(1, 41)])
    found = repairs.scale_volume(lender, borrower, days("2018-02-02"))
    assert found["volume"].tolist() == [10 * 17]


def test_scale_volume_leaves_days_without_trades_out_of_the_ratio():
    lender = bars("2018-01-01", [[1, 1, 1, 1, volume] for volume in (10, 0, 10)] * 40)
    borrower = bars("2018-01-01", [[1, 1, 1, 1, volume] for volume in (40, 5, 0)] * 40)
    found = repairs.scale_volume(lender, borrower, days("2018-04-28"))
    assert found["volume"].tolist() == [40.0]  # a third of the days is sound, their ratio 4


def test_scale_volume_counts_no_lent_day_into_the_ratio():
    lender = bars("2018-01-01", [[1, 1, 1, 1, 10]] * 33)
    borrower = bars("2018-01-01", [[1, 1, 1, 1, 10 * ratio] for ratio in range(1, 34)])
    found = repairs.scale_volume(lender, borrower, borrower.index[-2:])
    assert found["volume"].tolist() == [10 * 16, 10 * 16]  # of the ratios 1 to 31, for both


def test_replace_days_adds_and_replaces_rows_and_says_so():
    upstream = series("2018-01-01", [[10, 12, 9, 11, 1], [11, 11, 11, 11, 0], [14, 16, 13, 15, 3]])
    lender = bars("2018-01-02", [[12, 13, 10.5, 12.5, 7], [0, 0, 0, 0, 0], [15, 18, 15, 17, 9]])
    found = repairs.replace_days(upstream, lender, days("2018-01-02", "2018-01-04"), "lender")
    assert found["close"].tolist() == [11, 12.5, 15, 17]
    assert found["volume"].tolist() == [1, 7, 3, 9]
    assert found["source"].tolist() == ["upstream", "lender", "upstream", "lender"]


def test_replace_days_names_the_day_that_the_donor_lacks():
    upstream = series("2018-01-01", [[10, 12, 9, 11, 1]] * 3)
    wanted = days("2018-01-02", "2018-01-03")
    with pytest.raises(PriceError, match=r"lender .* 2018-01-03"):
        repairs.replace_days(upstream, upstream.iloc[:2], wanted, "lender")


def test_replace_days_opens_at_the_previous_close_and_widens_high_and_low_to_hold_it():
    given = series("2018-01-01", [[10, 12, 9, 11, 1], [5, 8, 4, 7, 1], [20, 30, 15, 25, 1]])
    found = repairs.replace_days(given, given, days("2018-01-02", "2018-01-03"), "lender")
    assert found["open"].tolist() == [10, 11, 7]  # the third opens at the rebuilt close
    assert found["high"].tolist() == [12, 11, 30]
    assert found["low"].tolist() == [9, 4, 7]


def test_correct_closes_takes_the_next_open_and_lifts_the_high():
    rows = [[6.69, 7.11, 6.41, 6.81, 4], [7.71, 8.60, 7.71, 8.37, 5]]
    found = repairs.correct_closes(series("2016-12-06", rows), days("2016-12-06"))
    assert found.iloc[0][["high", "low", "close"]].tolist() == [7.71, 6.41, 7.71]
    assert found.iloc[1]["close"] == 8.37
    assert found["source"].tolist() == ["upstream close-from-next-open", "upstream"]


def test_floor_lows_raises_a_crash_to_sixty_percent_of_the_lower_end():
    rows = [[300, 350, 0.1, 200, 1], [200, 210, 121, 205, 1], [100, 150, 60, 140, 1]]
    found = repairs.floor_lows(series("2017-06-21", rows))
    assert found["low"].tolist() == pytest.approx([120, 121, 60])
    assert found["source"].tolist() == ["upstream low-floored", "upstream", "upstream"]


def test_flag_no_trades_keeps_the_row_and_adds_the_word():
    quiet = series("2015-01-06", [[276.8] * 4 + [0], [276.8, 280, 270, 275, 3]])
    found = repairs.flag_no_trades(quiet)
    assert found["source"].tolist() == ["upstream no-trades", "upstream"]
    pd.testing.assert_frame_equal(found[repairs.FIELDS], quiet[repairs.FIELDS])


def test_repairs_leave_their_arguments_unchanged():
    given = series("2018-01-01", [[10, 12, 1, 11, 0], [11, 13, 10, 12, 3]])
    before = given.copy()
    repairs.floor_lows(given)
    repairs.flag_no_trades(given)
    repairs.correct_closes(given, given.index[:1])
    repairs.replace_days(given, before, given.index[1:], "lender")
    pd.testing.assert_frame_equal(given, before)


def test_closes_table_takes_apples_years_and_every_day_of_bitcoin():
    shares = pd.DataFrame(
        {"Date": ["2011-12-30", "2012-01-03", "2015-12-31", "2016-01-04"], "AAPL": [1.0, 2, 3, 4]}
    )
    rate = pd.DataFrame({"time": ["2010-07-18", "2010-07-19"], "btc_close": [0.1, 0.2]})
    upstream = repairs.Upstream(*[pd.DataFrame()] * 3, {}, shares, rate)
    assert repairs.closes_table(upstream).to_numpy().tolist() == [
        ["2012-01-03", "apple", 2], ["2015-12-31", "apple", 3],
        ["2010-07-18", "bitcoin", 0.1], ["2010-07-19", "bitcoin", 0.2],
    ]  # fmt: skip
