"""The table and the figure of a sweep, on recorded values that can be read off."""

import csv
import io

import pytest

from coincast.figures import sweep_plots
from coincast.runner.sweeps.grid import GridPoint, grid_points
from coincast.runner.sweeps.sweep import failures_csv, results_csv, scores


def row(mae, n=9, **interval):
    return {"mae": mae, "n": n, **interval}


def values(shift=0.0):
    """Return values as 02_ethereum_lstm records them, all scores moved by `shift`."""
    table = {
        "no_change": row(0.05 + shift, low=0.04 + shift, high=0.07 + shift),
        "ridge": row(0.055 + shift, low=0.05, high=0.06),
        "lstm": row(0.06 + shift, low=0.05 + shift, high=0.08 + shift),
    }
    return {"coin": "eos", "reading": ["text"], "rows": {"test": 9}, "evaluation": table}


def directions():
    """Return values as 03_bitcoin_cnn_lstm records them: two questions."""
    table = {
        "majority_class": {"accuracy": 0.6, "correct": 6, "n": 10, "low": 0.3, "high": 0.8},
        "cnn_lstm_last": {"accuracy": 0.5, "correct": 5, "n": 10, "low": 0.2, "high": 0.7},
    }
    honest = {"majority_class": table["majority_class"], "cnn_lstm_honest": table["cnn_lstm_last"]}
    return {
        "labels": {"published": "2 days ahead", "honest": "1 day ahead"},
        "evaluation": {"published": table, "honest": honest},
    }


@pytest.fixture
def finished():
    """Return four runs over two parameters with their values."""
    runs = grid_points({"coin": ["eos", "xrp"], "lags": [2, 4]})
    return {run: values(0.001 * place) for place, run in enumerate(runs)}


def test_results_csv_holds_every_number_once_and_reads_back_exactly(finished):
    rows = list(csv.DictReader(io.StringIO(results_csv(finished, ["coin", "lags"]))))
    assert list(rows[0]) == ["coin", "lags", "metric", "value"]
    assert len(rows) == 4 * (1 + 3 * 4)
    found = {(r["coin"], int(r["lags"]), r["metric"]): r["value"] for r in rows}
    assert float(found["xrp", 2, "evaluation.lstm.mae"]) == 0.06 + 0.002
    assert found["eos", 4, "rows.test"] == "9"
    assert [r["lags"] for r in rows] == sorted([r["lags"] for r in rows[:26]]) * 2


def test_results_csv_writes_lists_as_the_command_line_has_them():
    text = results_csv(
        {GridPoint("any", {"filters": [16, 8], "quick": True}): {"mae": 0.5}}, ["f", "q"]
    )
    assert text == "f,q,metric,value\n16+8,true,mae,0.5\n"


def test_failures_csv_names_the_problem_of_each_run(finished):
    failed = dict.fromkeys(list(finished)[1:2], 'cell 3: ValueError: "no"')
    rows = list(csv.reader(io.StringIO(failures_csv(failed, ["coin", "lags"]))))
    assert rows == [["coin", "lags", "problem"], ["eos", "4", 'cell 3: ValueError: "no"']]


def test_scores_are_of_models_and_constants_with_their_intervals(finished):
    table = scores(finished)
    assert table["forecast"].tolist() == ["no_change", "lstm"] * 4
    last = table.iloc[-1]
    assert last["run"] == "coin = xrp, lags = 4"
    assert (last["question"], last["measure"], last["n"]) == ("", "mae", 9)
    assert last[["score", "low", "high"]].tolist() == pytest.approx([0.063, 0.053, 0.083])


def test_scores_find_tables_below_others_and_their_labels():
    table = scores({GridPoint("a", {"window": 3}): directions()})
    assert table["question"].unique().tolist() == ["2 days ahead", "1 day ahead"]
    assert set(table["measure"]) == {"accuracy"}


def test_scores_are_empty_where_nothing_was_evaluated():
    assert scores({GridPoint("a", {"lags": 3}): {"rows": {"n": 5}, "mae": 0.5}}).empty


def test_comparison_draws_each_score_in_the_band_of_its_run(finished):
    axes = sweep_plots.comparison(scores(finished), "02, quick = true").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][2] == "coin = xrp\nlags = 2"
    lines = {line.get_label(): line for line in axes.lines if len(line.get_xdata()) == 4}
    assert set(lines) == {"no change", "LSTM as published"}
    assert list(lines["LSTM as published"].get_xdata()) == pytest.approx(
        [0.06, 0.061, 0.062, 0.063]
    )
    bands = lines["LSTM as published"].get_ydata()
    assert [round(place) for place in bands] == [0, 1, 2, 3]
    drawn = axes.collections[1].get_segments()[3]
    assert drawn[:, 0] == pytest.approx([0.053, 0.083])
    assert "test MAE (fraction of the price)" in axes.get_xlabel()
    assert [text.get_text() for text in axes.texts] == ["n = 9"] * 4


def test_comparison_keeps_colours_apart_between_questions():
    axes = sweep_plots.comparison(scores({GridPoint("a", {"window": 3}): directions()}), "03").axes
    lines = [line for one in axes for line in one.lines if line.get_marker() != "None"]
    assert len({line.get_color() for line in lines}) == 3
    assert [one.get_title(loc="left") for one in axes] == ["2 days ahead", "1 day ahead"]


def test_comparison_of_many_runs_draws_the_first_and_says_so():
    many = {run: values() for run in grid_points({"lags": list(range(1, 31))})}
    figure = sweep_plots.comparison(scores(many), "02")
    assert "the first 24 of 30 runs" in figure.get_suptitle()
    assert len(figure.axes[0].get_yticks()) == 24
