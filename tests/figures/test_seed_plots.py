import numpy as np
import pandas as pd
import pytest

from coincast.figures import seed_plots


def test_seeds_labels_every_baseline_and_the_published_run_at_its_line():
    errors = np.linspace(0.05, 0.08, 20)
    scores = pd.DataFrame(
        {"mae": [0.053, 0.0535, 0.065], "low": 0.06, "high": 0.07, "seed_sd": 0.009, "n": 59},
        index=["no_change", "train_mean", "lstm"],
    ).assign(seeds=[1, 1, 20])
    above, below = seed_plots.seeds(errors, scores, 0.0531).axes
    labels = {text.get_text(): text.xy for text in above.texts}
    assert list(labels) == ["train mean, 0.0535", "published run, 0.0531", "no change, 0.0530"]
    heights = [height for _, height in labels.values()]
    assert heights == sorted(heights)
    assert len(set(heights)) == 3
    assert labels["published run, 0.0531"][0] == 0.0531
    spans = [sorted(line[:, 0]) for line in below.collections[0].get_segments()]
    assert spans == [pytest.approx([0.056, 0.074]), pytest.approx([0.06, 0.07])]
    assert "n = 59" in below.get_xlabel()


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


def test_best_epoch_has_a_panel_per_asset_and_network_and_marks_the_matrix_on_apple_only():
    table = pd.DataFrame(
        {
            "best_accuracy": [0.7, 0.6, 0.4],
            "least_loss": 0.5,
            "last": 0.5,
            "honest": [0.3, 0.3, np.nan],
            "labels": ["true", "true", "shuffled"],
        }
    )
    parts = {"CNN": table, "CNN-LSTM": table}
    choices = {
        "Bitcoin": parts,
        "Apple": {name: t.assign(honest=np.nan) for name, t in parts.items()},
    }
    figure = seed_plots.best_epoch(choices, {"Bitcoin": 0.63, "Apple": 0.5}, {"Apple": 0.643})
    assert [axes.get_title(loc="left") for axes in figure.axes][::3] == [
        "Bitcoin: CNN",
        "Apple: CNN-LSTM",
    ]
    dots = [[line for line in axes.lines if line.get_marker() == "o"] for axes in figure.axes]
    assert [len(lines) for lines in dots] == [8, 8, 6, 6]
    assert dots[0][0].get_ydata().tolist() == [0.7, 0.6]
    across = [
        {line.get_ydata()[0] for line in axes.lines if line.get_marker() != "o"}
        for axes in figure.axes
    ]
    assert across == [{0.63}, {0.63}, {0.5, 0.643}, {0.5, 0.643}]
