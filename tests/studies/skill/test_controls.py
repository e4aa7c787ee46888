import numpy as np
import pytest
from makers import make_prices

from coincast.studies.skill.controls import finds, retarget
from coincast.studies.skill.protocol import Protocol
from coincast.studies.skill.tasks import coin_table, task_windows

TABLE = coin_table(make_prices(520, seed=6))
PROTOCOL = Protocol({"bitcoin": TABLE}, {"bitcoin": "2017-08-01"}, {"bitcoin": 90}, 3, 100, 0.2)


def test_retarget_without_a_signal_only_moves_the_targets():
    windows = task_windows(TABLE, "change", 3)
    made = retarget(windows, shifts=4, r2=0.0, seed=2).targets
    for column in made.T:
        assert np.sort(column) == pytest.approx(np.sort(windows.targets))
        assert not np.allclose(column, windows.targets)
    assert not np.allclose(made[:, 0], made[:, 1])


def test_retarget_plants_a_signal_of_the_given_share():
    windows = task_windows(TABLE, "change", 3)
    made = retarget(windows, shifts=40, r2=0.3, seed=2).targets
    yesterday = windows.last("daily_change")
    shares = [np.corrcoef(yesterday, column)[0, 1] ** 2 for column in made.T]
    assert np.mean(shares) == pytest.approx(0.3, abs=0.03)
    assert made.std() == pytest.approx(windows.targets.std(), rel=0.05)


def test_finds_a_strong_signal_and_hardly_any_in_shifted_targets():
    found = finds(PROTOCOL, 30, [0.0, 0.3], seed=1).set_index(["r2", "model"])
    assert (found.loc[0.3, ["better", "clark_west"]] > 0.9).all(axis=None)
    assert (found.loc[0.0, "better"] <= 0.1).all()
    assert (found.loc[0.0, "clark_west"] <= 0.25).all()


def test_latest_folds_are_the_last_ones():
    every = PROTOCOL.folds("change", rolling=True)["bitcoin"]
    assert {len(fold.train) for fold in every} == {100}
    short = Protocol(
        PROTOCOL.tables, PROTOCOL.test_starts, PROTOCOL.refit_days, 3, 100, 0.2, latest=2
    )
    kept = short.folds("change", rolling=True)["bitcoin"]
    assert [fold.number for fold in kept] == [fold.number for fold in every[-2:]]
    row = short.fold_table().loc["bitcoin"]
    assert row["test_days"] == sum(len(fold.test) for fold in kept)
    assert row["last"] == f"{TABLE.index[-1]:%Y-%m-%d}"
