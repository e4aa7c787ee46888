import pandas as pd

from coincast.evaluation import readme_tables


def cells(markdown):
    """Return the cells of each row below the header."""
    return [[c.strip() for c in line.strip("|").split("|")] for line in markdown.splitlines()[2:]]


def test_mae_markdown_shows_each_score_with_its_interval_and_networks_in_bold():
    scores = pd.DataFrame(
        {"mae": 0.05, "low": 0.04, "high": 0.0678, "standard_error": 0.00712,
         "skill_train_mean": [0.0, -0.3], "skill_train_mean_low": -0.5444,
         "skill_train_mean_high": 0.019, "skill_no_change": [0.1, -0.2],
         "skill_no_change_low": -0.4, "skill_no_change_high": 0.2},
        index=["train_mean", "lstm_honest"],
    )  # fmt: skip
    baseline, network = cells(readme_tables.mae_markdown(scores))
    shared = ["0.0500", "0.0400 to 0.0678", "0.0071"]
    assert baseline == [
        "train mean", *shared, "+0.100 (-0.400 to +0.200)", "+0.000 (-0.544 to +0.019)"
    ]  # fmt: skip
    assert network[0] == "**LSTM, honest protocol**"
    assert network[-2:] == ["-0.200 (-0.400 to +0.200)", "-0.300 (-0.544 to +0.019)"]


def test_accuracy_markdown_has_the_rows_of_every_label():
    scores = pd.DataFrame(
        {"correct": [61, 58], "accuracy": 0.6289, "low": 0.53, "high": 0.718,
         "balanced_accuracy": 0.5, "mcc": [0.0, -0.084], "p_value": 0.546,
         "difference": -0.031, "difference_low": -0.1, "difference_high": 0.04},
        index=["always_up", "cnn_lstm_last"],
    )  # fmt: skip
    rows = cells(readme_tables.accuracy_markdown({"a": scores, "b": scores}))
    assert rows[0][:7] == ["a", "always up", "61", "0.629", "0.530 to 0.718", "0.500", "+0.000"]
    assert rows[0][7:] == rows[3][-2:]
    assert rows[3][:3] == ["b", "**CNN-LSTM, published protocol, last epoch**", "58"]
    assert rows[3][-3:] == ["-0.084", "-0.031 (-0.100 to +0.040)", "0.55"]
