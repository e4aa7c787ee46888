import pandas as pd
import pytest

from coincast.figures.skill.your_model_plots import your_model

SKILL = {
    "n": 90,
    "skill_train_mean": 0.1,
    "skill_train_mean_low": 0.0,
    "skill_train_mean_high": 0.2,
}
DAYS = pd.date_range("2018-01-01", periods=40)
NAMES = ["strategy", "buy_and_hold", "constant", "random_low", "random_high"]
PATH = pd.DataFrame([[1.0, 2.0, 1.5, 0.5, 3.0]] * 40, DAYS, NAMES)


@pytest.mark.parametrize("paths", [{}, {"bitcoin": PATH, "litecoin": PATH * 2}])
def test_your_model_has_a_column_per_coin_and_the_confidence_set(paths):
    coins = ("bitcoin", "litecoin")
    rows = [
        {"series": coin, "kind": "year", "part": "2018", "model": model, "skill": 0.1, "low": 0.0,
         "high": 0.2} for coin in coins for model in ("your_model", "har")
    ]  # fmt: skip
    table = pd.DataFrame(SKILL, index=["your_model", "har"])
    superior = {coin: {"confidence": {"your_model": 1.0, "har": 0.01}} for coin in coins}
    figure = your_model(
        pd.DataFrame(rows), dict.fromkeys(coins, table), superior, paths,
        baseline="train_mean", cost_bps=10,
    )  # fmt: skip
    assert len(figure.axes) == 2 + 1 + len(paths)
    assert [text.get_text() for text in figure.axes[2].texts] == ["1.00", "1.00", "0.01", "0.01"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[:2] == ["your model, all days", "train mean"]
    assert ("your model, long or flat, 10 bp" in labels) == bool(paths)
