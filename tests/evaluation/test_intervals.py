import warnings

import numpy as np
import pandas as pd
import pytest

from coincast.errors import InputError
from coincast.evaluation import intervals


def make_table(days=600, seed=0, *, calm=False):
    """Return zero forecasts of changes whose spread doubles and halves, in folds of 60 days."""
    spread = 0.03 * (1 if calm else 2 ** np.sin(np.arange(days) / 60))
    target = np.random.default_rng(seed).normal(0, spread, days)
    return pd.DataFrame(
        {
            "coin": "bitcoin",
            "model": "no_change",
            "fold": np.arange(days) // 60,
            "date": pd.date_range("2018-01-01", periods=days),
            "forecast": 0.0,
            "target": target,
        }
    )


def test_fold_intervals_are_a_rank_of_the_earlier_scaled_errors():
    found = intervals.fold_intervals(make_table())
    sizes = found["target"].abs().to_numpy()
    scales = np.array([sizes[i - 30 : i].mean() for i in range(30, 600)])
    ratios = sorted(sizes[30:180] / scales[:150])  # known before fold 3
    rank = int(np.ceil(0.9 * 151))
    assert found["high"][200] == pytest.approx(ratios[rank - 1] * scales[170])
    assert (found["low"] == -found["high"])[found["fold"] > 1].all()
    assert found["low"].isna().equals(found["fold"] < 2)


def test_rank_is_exact_where_the_level_divides_the_errors():
    """Of 59 errors the 54th is the 90 % rank; 1 - 0.9 must not round it to the 55th."""
    random = np.random.default_rng(1)
    errors = np.r_[np.tile([1.0, -1.0], 15), random.permutation(np.linspace(0.5, 1.5, 59))]
    scales = pd.Series(np.abs(errors)).rolling(30).mean().to_numpy()
    ratio = sorted(np.abs(errors[30:]) / scales[29:-1])[54 - 1]
    low, high = intervals.next_interval(errors, forecast=0.2)
    assert [low, high] == pytest.approx([0.2 - ratio * scales[-1], 0.2 + ratio * scales[-1]])


@pytest.mark.parametrize("horizon", [1, 5])
def test_intervals_ignore_the_targets_of_their_own_fold_and_later_ones(horizon):
    table = make_table()
    later = table["date"] > table.loc[table["fold"] == 4, "date"].min() - pd.Timedelta(days=horizon)
    changed = table.assign(target=table["target"].where(~later, 9.0))
    before, after = (
        intervals.fold_intervals(t, horizon_days=horizon).loc[240] for t in (table, changed)
    )
    assert before[["low", "high"]].equals(after[["low", "high"]])
    assert before["high"] > 0


def test_coverage_is_as_said_in_calm_and_in_changing_times():
    for calm in (True, False):
        tables = [make_table(seed=seed, calm=calm) for seed in range(8)]
        found = pd.concat(intervals.coverage_by_fold(intervals.fold_intervals(t)) for t in tables)
        assert found["coverage"].mean() == pytest.approx(0.9, abs=0.02)
        outside = (found["coverage_low"] > 0.9) | (found["coverage_high"] < 0.9)
        assert outside.mean() < 0.2  # 5 %, and the noise of few errors to calibrate on


def test_coverage_by_hand_and_order_of_rows():
    table = make_table(4).assign(
        fold=[0, 1, 1, 1], low=[np.nan, -1, -1, -1], high=[np.nan, 1, 1, 3]
    )
    row = intervals.coverage_by_fold(table.assign(target=[0.0, 0.5, 2.0, 2.0])).iloc[0]
    assert (row["fold"], row["n"], row["coverage"]) == (1, 3, 2 / 3)
    assert row["width"] == pytest.approx(8 / 3)
    table = make_table()
    shuffled = intervals.fold_intervals(table.sample(frac=1, random_state=0)).sort_index()
    pd.testing.assert_frame_equal(shuffled, intervals.fold_intervals(table))


def test_too_few_errors_and_several_seeds_are_refused():
    with pytest.raises(InputError, match="79"):
        intervals.next_interval(np.ones(79), 0.0)
    with pytest.raises(InputError, match="seeds"):
        intervals.fold_intervals(pd.concat([make_table()] * 2))


def test_the_import_leaves_the_warning_filters_alone():
    assert ("always", None, UserWarning, None, 0) not in warnings.filters
