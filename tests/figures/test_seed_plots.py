import numpy as np
import pandas as pd
import pytest

from coincast.figures import seed_plots


def test_seeds_marks_every_baseline_and_the_published_run():
    errors = np.linspace(0.05, 0.08, 20)
    axes = seed_plots.seeds(errors, {"no_change": 0.053, "train_mean": 0.05}, 0.007, 0.0531).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert "published run, 0.0531" in labels
    assert {"no change, 0.0530", "train mean, 0.0500", "LSTM, 20 seeds"} <= set(labels)


def test_ancestor_shows_every_run_and_the_published_errors():
    by_run = [[0.2], [0.3, 0.5]]
    table = pd.DataFrame(
        {"mae": [0.2, 0.4], "low": 0.1, "high": 0.6, "runs": [1, 2], "by_run": by_run},
        index=["no_change", "lstm"],
    )
    published = {"bitcoin": {"lstm": 0.04}, "litecoin": {}}
    panels = seed_plots.ancestor({"bitcoin": table, "litecoin": table}, published).axes
    shown = [part for part in panels[0].collections if hasattr(part, "get_positions")]
    assert [part.get_positions() for part in shown] == [pytest.approx(runs) for runs in by_run]
    marks = [line for axes in panels for line in axes.lines if line.get_marker() == "v"]
    assert [line.get_xdata().tolist() for line in marks] == [[0.04], []]
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["no change", "LSTM as published, 2 runs"]


def test_best_epoch_draws_true_and_shuffled_labels_apart():
    choices = pd.DataFrame(
        {
            "best_on_test": [0.7, 0.6, 0.4],
            "last": 0.5,
            "honest": 0.3,
            "labels": ["true", "true", "shuffled"],
        }
    )
    panels = seed_plots.best_epoch(choices, 0.55, 0.643).axes
    drawn = [axes.lines[0].get_ydata().tolist() for axes in panels]
    assert drawn == [[0.7, 0.6], [0.4]]
