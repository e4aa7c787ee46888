"""How the bundled series are made, on tables small enough to work out by hand."""

import numpy as np
import other_series
import pandas as pd
import pytest

from coincast.datasets.series import load_series


def test_log_ratios_drop_seams_gaps_and_zeros():
    days = pd.DatetimeIndex(
        ["2016-03-30", "2016-03-31", "2016-04-01", "2016-04-02", "2016-04-04", "2016-04-05",
         "2016-04-06"]
    )  # fmt: skip
    found = other_series.log_ratios(pd.DataFrame({"x": [20, 40, 90, 45, 60, 0, 80]}, days))
    assert found["x"].to_dict() == pytest.approx(
        {pd.Timestamp("2016-03-31"): np.log(2), pd.Timestamp("2016-04-02"): -np.log(2)}
    )


def test_no_ratio_of_searches_crosses_a_seam():
    for term in other_series.TERMS:
        ratios = load_series(f"google_{term}")
        assert not ratios.index.isin(other_series.SEAMS).any()
        assert ratios[term].abs().max() < np.log(100)


@pytest.mark.parametrize("name", other_series.ABOUT)
def test_bundled_series_pass_their_own_checks(name):
    series = load_series(name)
    assert (series["known"] == series.index).all()
    assert {series.attrs[key] for key in ("licence", "unit", "origin")}
    weekends = (series.index.day_of_week > 4).any()
    assert weekends != series.attrs["closed_on_weekends"]
