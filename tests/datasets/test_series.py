"""Series that are not prices: what is refused, and what is known when."""

import json

import numpy as np
import pandas as pd
import pytest

from coincast.datasets.leakage import check_closed_days, check_features
from coincast.datasets.series import (
    RATIO,
    join_series,
    load_series,
    validate_series,
    write_series,
)
from coincast.errors import InputError
from coincast.paths import SERIES_ABOUT

ABOUT = {"unit": "points", "origin": "a test", "licence": "none", "closed_on_weekends": False,
         "scale": "absolute"}  # fmt: skip


def made(values, start="2018-01-05", delay_days=0, **about):
    """A series from a Friday on, one row per day."""
    days = pd.date_range(start, periods=len(values), name="date", unit="ns")
    table = pd.DataFrame({"known": days + pd.Timedelta(days=delay_days), "x": values}, index=days)
    table.attrs = {"name": "made", **ABOUT, **about}
    return table


def test_written_series_is_read_again_as_it_was(tmp_path):
    series = made([3.0, 0.1, 1 / 3], delay_days=1)
    write_series(series, tmp_path / "made.csv", {"rows": 3})
    again = load_series(str(tmp_path / "made.csv"))
    pd.testing.assert_frame_equal(again, series, check_freq=False)
    assert {key: again.attrs[key] for key in ABOUT} == ABOUT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2018-01-06,2018-01-06,1\n2018-01-06,2018-01-06,2\n", "2018-01-06 is there twice"),
        ("2018-01-06,2018-01-06,1\n2018-01-05,2018-01-06,2\n", "2018-01-05 comes after"),
        ("2018-01-06,2018-01-05,1\n", "2018-01-06 was known on 2018-01-05"),
        ("2018-01-06,2018-01-06,nan\n", "x of 2018-01-06 is nan"),
        ("2018-01-06,2018-01-06,inf\n", "x of 2018-01-06 is inf"),
        ("2018-01-06,2018-01-06,abc\n", "'abc' of 2018-01-06"),
        ("2018-01-06,2018-01-06\n", "row 2 .* has 2 cells"),
        ("6.1.2018,2018-01-06,1\n", "'6.1.2018' is not a day"),
        ("2018-01-06,,1\n", "a day is empty"),
        ("", "needs rows"),
    ],
)
def test_load_series_refuses_a_bad_row(tmp_path, text, words):
    path = tmp_path / "made.csv"
    write_series(made([1.0, 2.0]), path, {})
    path.write_text("date,known,x\n" + text)
    with pytest.raises(InputError, match=words) as caught:
        load_series(str(path))
    assert "\n" not in str(caught.value)
    assert "made" in str(caught.value)


@pytest.mark.parametrize(
    ("about", "word"),
    [('{"unit": "points"}', "origin"), ("[]", "object"), ("{", "not JSON"), (None, "made.json")],
)
def test_load_series_refuses_a_bad_description(tmp_path, about, word):
    write_series(made([1.0, 2.0]), tmp_path / "made.csv", {})
    beside = tmp_path / "made.json"
    beside.unlink() if about is None else beside.write_text(about)
    with pytest.raises(InputError, match=word):
        load_series(str(tmp_path / "made.csv"))


def test_interpolated_weekends_are_refused_and_are_leaks():
    """The fault of the gold table in pybcoin: it moves on weekends, towards Monday."""
    friday_to_friday = np.linspace(1300.0, 1307.0, 8)
    series = made(friday_to_friday, closed_on_weekends=True)
    with pytest.raises(InputError, match=r"Saturday 2018-01-06.*interpolated"):
        validate_series(series)
    assert [leak.check for leak in check_closed_days(series[["x"]])] == ["closed market"]

    def filled(table):
        return table[table.index.day_of_week <= 4].asfreq("D").interpolate()

    leaks = check_features(filled, series[["x"]])
    assert min(leak.day for leak in leaks) == pd.Timestamp("2018-01-06")


def test_scale_up_to_its_own_maximum_needs_a_window():
    searches = [20.0, 100.0, 35.0]
    with pytest.raises(InputError, match="2018-01-06"):
        validate_series(made(searches))
    assert len(validate_series(made(np.diff(np.log(searches)), scale=RATIO))) == 2


def test_join_series_uses_a_value_from_the_day_it_was_known():
    days = pd.date_range("2018-01-05", periods=6, name="date")
    joined = join_series(made([1.0, 2.0, 3.0], delay_days=2), days)
    assert joined["x"].fillna(0).tolist() == [0, 0, 1, 2, 3, 3]


def test_join_series_forgets_after_a_week_and_does_not_carry_ratios():
    days = pd.date_range("2018-01-05", periods=12, name="date")
    assert join_series(made([1.0, 2.0]), days)["x"].notna().sum() == 2 + 7
    assert join_series(made([1.0, 2.0], scale=RATIO), days)["x"].notna().sum() == 2


def test_join_series_ignores_a_correction_of_an_older_day():
    series = made([1.0, 2.0, 3.0])
    series.iloc[0, 0] = pd.Timestamp("2018-01-08")
    joined = join_series(series, pd.date_range("2018-01-05", "2018-01-08", name="date"))
    assert joined["x"].fillna(0).tolist() == [0, 2, 3, 3]


def test_join_series_refuses_values_after_the_last_price():
    days = pd.date_range("2018-01-05", periods=2, name="date")
    with pytest.raises(InputError, match=r"made .* 2018-01-07.* 2018-01-06"):
        join_series(made([1.0, 2.0, 3.0]), days)


@pytest.mark.parametrize("name", json.loads(SERIES_ABOUT.read_text()))
@pytest.mark.parametrize("delay_days", [0, 3])
def test_no_joined_value_knows_what_became_known_later(name, delay_days):
    """Changing all that is known after day t changes nothing at or before t."""
    series = load_series(name).loc["2017-06-01":"2018-02-01"]
    known = series["known"] + pd.Timedelta(days=delay_days)
    series = series.assign(known=known)
    days = pd.date_range(series.index[0], periods=260, name="date")
    before = join_series(series, days)
    assert before.notna().to_numpy().any()
    for day in days[[0, 40, 41, 42, 43, 120, 200]]:
        changed = series.drop(columns="known").where(known <= day, -7.0)
        after = join_series(series.assign(**changed), days)
        pd.testing.assert_frame_equal(after.loc[:day], before.loc[:day])
        gone = join_series(series[known <= day], days)
        pd.testing.assert_frame_equal(gone.loc[:day], before.loc[:day])
