import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import make_prices

from coincast.datasets.windows import Windows, make_windows, shuffle
from coincast.errors import InputError
from coincast.evaluation.walk_forward import folds, per_fold, walk_forward

SETTINGS = {"refit_days": 7, "train_days": 30, "validation_share": 0.2}


def windows(days=100, seed=1, horizon_days=1) -> Windows:
    table = make_prices(days, seed)[["close", "volume"]]
    return make_windows(table, table["close"].shift(-horizon_days), 3, horizon_days)


def cut(made, test_start="2017-03-01", **changes):
    return folds(made, test_start=test_start, **(SETTINGS | changes))


@given(st.integers(1, 40), st.integers(1, 4), st.sampled_from([None, 20, 30]), st.floats(0.2, 0.5))
def test_folds_test_each_day_once_and_never_train_on_a_later_one(refit, horizon, days, share):
    made = windows(horizon_days=horizon)
    found = cut(made, refit_days=refit, train_days=days, validation_share=share)
    tested = [day for fold in found for day in fold.test.dates]
    assert tested == made.dates[made.dates >= "2017-03-01"].tolist()
    for fold in found:
        assert fold.train.target_dates.max() < fold.test.dates.min()
        assert fold.fit.target_dates.max() < fold.validation.dates.min()
        assert fold.train.dates[-1] == fold.validation.dates[-1]
        assert len(fold.train) == days or days is None


def test_folds_have_equal_parts_or_grow():
    rolling, expanding = (cut(windows(), train_days=days) for days in (30, None))
    assert {(len(fold.fit), len(fold.validation)) for fold in rolling} == {(23, 6)}
    assert (np.diff([len(fold.train) for fold in expanding]) == 7).all()
    assert all(fold.train.dates[0] == windows().dates[0] for fold in expanding)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_days": 80}, "train_days 80"),
        ({"test_start": "2017-06-01"}, "2017-06-01.*2017-04-09"),
        ({"test_start": ""}, "no window"),
        ({"test_start": "2017-01-03", "train_days": None}, "0 windows"),
        ({"refit_days": 0}, "refit_days is 0"),
        ({"validation_share": 1.0}, "100%"),
    ],
)
def test_folds_refuse_what_cannot_be_tested(changes, message):
    with pytest.raises(InputError, match=message):
        cut(windows(), **changes)


def test_folds_refuse_shuffled_windows():
    with pytest.raises(InputError, match="order of time"):
        cut(shuffle(windows(), seed=3))


def test_walk_forward_gives_a_row_per_day_model_and_seed():
    coins = {"bitcoin": cut(windows()), "ethereum": cut(windows(90, 2), refit_days=20)}
    models = {
        "mean": per_fold(lambda train, test: np.full(len(test), train.targets.mean())),
        "seeds": per_fold(lambda _, test: np.outer([1, 2, 3], test.last("close"))),
    }
    table = walk_forward(coins, models)
    tested = {coin: sum(len(fold.test) for fold in of_coin) for coin, of_coin in coins.items()}
    assert len(table) == 4 * sum(tested.values())
    row = table[(table.coin == "ethereum") & (table.model == "seeds") & (table.seed == 1)].iloc[-1]
    closes = make_prices(90, 2)["close"]
    assert (row.date, row.fold) == (closes.index[-1], coins["ethereum"][-1].number)
    assert (row.forecast, row.target) == (2 * closes.iloc[-2], closes.iloc[-1])
    assert not table.duplicated(["coin", "date", "model", "seed"]).any()


def test_per_fold_scales_on_the_train_windows_of_each_fold():
    found = cut(windows())
    means = per_fold(lambda train, _: train.inputs.mean(axis=(0, 1)), scale=True)(found)
    np.testing.assert_allclose(means, 0, atol=1e-12)
    first = per_fold(lambda _, test: test.inputs[0, 0, :1], scale=True)(found[:1])[0]
    rows = found[0].train.inputs[:, :, 0]
    assert first == pytest.approx((found[0].test.inputs[0, 0, 0] - rows.mean()) / rows.std())


@pytest.mark.parametrize(
    ("forecast", "message"),
    [
        (lambda found: [np.zeros(7)] * (len(found) - 1), "5 forecasts for 6 folds"),
        (lambda found: [np.zeros(3)] * len(found), r"shape \(3,\).*7 test rows of bitcoin's"),
        (lambda found: [np.zeros((2, 7, 1))] * len(found), r"shape \(2, 7, 1\)"),
    ],
)
def test_walk_forward_refuses_forecasts_of_another_shape(forecast, message):
    with pytest.raises(InputError, match=message):
        walk_forward({"bitcoin": cut(windows())}, {"bad": forecast})
