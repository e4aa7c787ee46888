import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba

from coincast.figures.skill import walk_forward_plots as plots
from coincast.figures.style import BLUE

SKILL = {"skill_no_change": 0.01, "skill_no_change_low": -0.01, "skill_no_change_high": 0.03}


def test_skill_draws_every_regime_of_every_series():
    rows = [
        {"series": series, "kind": kind, "part": part, "model": model, "n": 50,
         "skill": value, "low": value - 0.01, "high": value + 0.01}
        for series in ("bitcoin", "ethereum", "litecoin", "bitcoin_long")
        for kind, part in (("year", "2017"), ("year", "2018"), ("trend", "rising"))
        for model, value in (("lstm", 0.02), ("ridge", -0.02))
    ]  # fmt: skip
    overall = pd.DataFrame({"n": 100, **SKILL}, index=["lstm"])
    figure = plots.skill(pd.DataFrame(rows), dict.fromkeys([r["series"] for r in rows], overall))
    assert [axes.get_title("left") for axes in figure.axes][3] == "Bitcoin long, 100 test days"
    lines = figure.axes[0].lines
    assert lines[0].get_ydata().tolist() == [0.02] * 3
    assert np.diff(lines[0].get_xdata()).round(9).tolist() == [1.0, 1.7]  # a gap between kinds


def test_confidence_set_fills_only_models_in_the_set():
    confidence = {"lstm": 0.5, "last_change": 0.04}
    found = {"change": {"bitcoin": {"confidence": confidence}}}
    axes = plots.confidence_set(found).axes[0]
    filled = [part.get_facecolor().tolist() for part in axes.collections]
    assert filled[0] == [list(to_rgba(BLUE))]
    assert filled[1] == []
    assert [text.get_text() for text in axes.texts] == ["0.50", "0.04"]


def test_volatility_draws_intervals_of_all_but_the_baseline():
    columns = {"n": 90, "skill_train_mean": [0.3, 0.0], "skill_train_mean_low": [0.2, 0.0],
               "skill_train_mean_high": [0.4, 0.0]}  # fmt: skip
    table = pd.DataFrame(columns, index=["lstm", "train_mean"])
    first, _ = plots.volatility({"bitcoin": table, "litecoin": table}).axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["LSTM"]
    (segment,) = first.collections[0].get_segments()
    assert segment[:, 0].tolist() == [0.2, 0.4]


def test_strategy_draws_the_paths_and_the_random_band():
    days = pd.date_range("2018-01-01", periods=4)
    names = ["strategy", "buy_and_hold", "constant", "random_low", "random_high"]
    table = pd.DataFrame([[1.0, 2.0, 1.5, 0.5, 3.0]] * 4, days, names)
    series = ("bitcoin", "ethereum", "litecoin", "bitcoin_long")
    figure = plots.strategy(dict.fromkeys(series, table), 10)
    assert [line.get_ydata()[0] for line in figure.axes[2].lines] == [1.0, 2.0, 1.5]
    (legend,) = figure.legends
    assert "LSTM, long or flat, 10 bp" in [text.get_text() for text in legend.get_texts()]
