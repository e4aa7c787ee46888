"""Which days are over, and which tables are not daily."""

from datetime import timedelta

import pandas as pd
import pytest
from makers import make_prices

from coincast.errors import PriceError
from coincast.prices.days import drop_incomplete, name_spans, today


@pytest.mark.parametrize("step", [7, 3, 30])
def test_drop_incomplete_refuses_rows_that_were_thinned(step):
    thinned = make_prices(200, seed=5)[::step]
    with pytest.raises(PriceError, match=f"^the page .* {step} days apart"):
        drop_incomplete(thinned[::-1], "the page")


def test_drop_incomplete_leaves_single_gaps_to_the_validation():
    prices = make_prices(9, seed=5).drop(pd.Timestamp("2017-01-03"))
    assert len(drop_incomplete(prices, "the page")) == 8


def test_drop_incomplete_drops_the_day_on_which_a_table_was_seen_and_refuses_the_next():
    prices = make_prices(5, seed=5, start=str(today() - timedelta(days=3)))
    tomorrow = today() + timedelta(days=1)
    with pytest.raises(PriceError, match=f"^the page has a row for {tomorrow}"):
        drop_incomplete(prices, "the page")
    assert len(drop_incomplete(prices[:-1], "the page")) == 3
    assert len(drop_incomplete(prices, "the page", tomorrow)) == 4


def test_name_spans_names_five_at_most():
    days = list(make_prices(16, seed=1).index.date)[::2]
    assert name_spans(days).count("2017") == 5
    assert name_spans(days).endswith("2017-01-09 and 3 more spans")
