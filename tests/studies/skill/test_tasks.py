import numpy as np
import pytest
from makers import make_prices

from coincast.studies.skill.tasks import close_table, coin_table, task_windows

PRICES = make_prices(80, seed=3)


def test_coin_table_holds_the_range_and_its_means():
    table = coin_table(PRICES)
    logs = np.log(np.log(PRICES["high"] / PRICES["low"]))
    day = table.index[20]
    assert table.loc[day, "log_range"] == pytest.approx(logs[day])
    assert table.loc[day, "log_range_week"] == pytest.approx(logs[:day].iloc[-7:].mean())
    assert table.loc[day, "log_range_month"] == pytest.approx(logs[:day].iloc[-30:].mean())
    assert table.index[0] == PRICES.index[29]
    assert not table.isna().any(axis=None)


def test_close_table_uses_closes_alone_and_holds_small_moves_at_the_smallest():
    closes = PRICES["close"].copy()
    closes.iloc[50] = closes.iloc[49]
    table = close_table(closes)
    assert table["daily_change"].iloc[-1] == pytest.approx(closes.iloc[-1] / closes.iloc[-2] - 1)
    assert table.loc[closes.index[50], "log_range"] == pytest.approx(np.log(0.005))
    assert list(table) == list(coin_table(PRICES))


@pytest.mark.parametrize("task", ["change", "direction", "range", "volume"])
def test_task_windows_have_the_next_day_as_target(task):
    table = coin_table(PRICES)
    made = task_windows(table, task, 4)
    following = table.loc[made.target_dates[10]]
    expected = {
        "change": following["daily_change"],
        "direction": float(following["daily_change"] > 0),
        "range": following["log_range"],
        "volume": np.log(following["volume"] / table["volume"].shift()[made.target_dates[10]]),
    }
    assert made.targets[10] == pytest.approx(expected[task])
    assert made.target_dates[-1] == table.index[-1]
