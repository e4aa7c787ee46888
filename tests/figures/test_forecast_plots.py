import numpy as np
import pandas as pd
import pytest

from coincast.figures import forecast_plots


def test_confusion_matrix_shows_shares_of_rows_with_counts():
    counts = pd.DataFrame([[11, 25], [14, 47]], index=["down", "up"], columns=["down", "up"])
    first, second = forecast_plots.confusion_matrix({"one": counts, "two": counts.T}).axes
    texts = [text.get_text() for text in first.texts]
    assert texts == ["31%\n11 days", "69%\n25 days", "23%\n14 days", "77%\n47 days"]
    labels = [tick.get_text() for tick in second.get_yticklabels()]
    assert labels == ["down\n25 days", "up\n72 days"]


def test_prediction_draws_the_middle_of_many_seeds():
    days = pd.date_range("2018-01-01", periods=3, name="date")
    members = np.arange(101.0)[:, None] + [0.0, 10.0, 20.0]
    figure = forecast_plots.prediction(days, np.zeros(3), members, {"line": np.ones(3)})
    (axes,) = figure.axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert lines["median of the LSTMs"].tolist() == [50, 60, 70]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (5, 115)


def test_mae_shows_the_skill_beside_the_errors_and_marks_the_published_ones():
    skills = {"skill_no_change": [0, -0.3], "skill_no_change_low": [0, -0.4]}
    table = pd.DataFrame(
        {"mae": [0.05, 0.07], "low": 0.04, "high": 0.09, "n": 59} | skills,
        index=["no_change", "lstm"],
    ).assign(skill_no_change_high=[0, -0.1])
    errors, skill = forecast_plots.mae(table, {"lstm": 0.0531}).axes
    (mark,) = [line for line in errors.lines if line.get_marker() == "v"]
    assert (mark.get_xdata().tolist(), mark.get_ydata().tolist()) == ([0.0531], [0])
    drawn = skill.collections[0].get_segments()[1][:, 0]
    assert drawn.tolist() == pytest.approx([-0.4, -0.1])
    assert "no change" in skill.get_xlabel()
