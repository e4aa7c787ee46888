import pandas as pd
from matplotlib.dates import date2num

from coincast.figures import price_plots


def test_venues_have_one_scale_and_shade_the_period():
    days = pd.date_range("2018-01-01", periods=40, name="date")
    closes = pd.DataFrame({"a": 100.0, "b": 101.0, "c": 94.0}, index=days)
    figure = price_plots.venues(closes, "a", ["2018-01-10", "2018-01-20"], "test days")
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    low, high = figure.axes[0].get_ylim()
    assert low < -0.06 < 0.01 < high
    for axes in figure.axes:
        left, right = axes.patches[0].get_extents().transformed(axes.transData.inverted()).intervalx
        assert (round(left), round(right)) == tuple(date2num([days[9], days[19]]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["test days"]
