"""Networks in a walk-forward: each fold's are those that would be trained on it alone."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from members import lstm, make_windows

from coincast.datasets.windows import Windows, standardise
from coincast.ensemble import MemberWarning, Plan, forecast_folds, train_members
from coincast.errors import InputError

PLAN, SEEDS = Plan(4, 8, "sgd", "mse"), [3, 5]


@dataclass
class Parts:
    fit: Windows
    validation: Windows
    train: Windows
    test: Windows


def make_fold(seed, test_rows=6) -> Parts:
    train, test = make_windows(30, seed), make_windows(test_rows, seed + 100)
    train, test = (replace(part, targets=5 + 3 * part.targets) for part in (train, test))
    return Parts(train.take(range(22)), train.take(range(24, 30)), train, test)


def scale_target(train, *others):
    centre, scale = train.targets.mean(), train.targets.std()
    parts = [replace(w, targets=(w.targets - centre) / scale) for w in standardise(train, *others)]
    return (*parts, centre, scale)


def test_forecast_folds_equals_two_trainings_per_fold():
    folds = [make_fold(seed, rows) for seed, rows in ((1, 6), (2, 6), (3, 4))]
    together = forecast_folds(folds, lstm, PLAN, SEEDS)
    assert [part.shape for part in together] == [(2, 6), (2, 6), (2, 4)]
    for fold, forecasts in zip(folds, together, strict=True):
        fit, validation, *_ = scale_target(fold.fit, fold.validation)
        losses = train_members(lstm, fit, validation, PLAN, SEEDS).history["val_loss"]
        train, test, centre, scale = scale_target(fold.train, fold.test)
        for row, seed in enumerate(SEEDS):
            plan = replace(PLAN, epochs=1 + int(losses[row].argmin()))
            alone = train_members(lstm, train, test, plan, [seed]).predict(test)[0]
            np.testing.assert_allclose(forecasts[row], centre + scale * alone, rtol=1e-4)


def test_forecast_folds_ignores_the_test_targets_and_other_folds():
    folds = [make_fold(1), make_fold(2)]
    other = replace(folds[0].test, targets=np.full(6, 1e6))
    changed = [replace(folds[0], test=other), make_fold(9)]
    first, again = (forecast_folds(each, lstm, PLAN, SEEDS)[0] for each in (folds, changed))
    assert first.tolist() == again.tolist()


def test_forecast_folds_leaves_classes_as_they_are():
    fold = make_fold(4)
    parts = (fold.fit, fold.validation, fold.train, fold.test)
    ones = Parts(*(replace(part, targets=np.ones(len(part))) for part in parts))
    plan = replace(PLAN, epochs=60)
    assert forecast_folds([ones], lstm, plan, [1], classes=True)[0] == pytest.approx(1, abs=0.2)


def test_forecast_folds_reports_a_fold_that_cannot_be_trained():
    folds = [make_fold(1), make_fold(2)]
    folds[1].validation.targets[0] = np.nan  # only the choice of the epoch fails
    with pytest.warns(MemberWarning, match="2 of 4 members failed: member 2 .seed 3.*val windows"):
        forecasts = forecast_folds(folds, lstm, PLAN, SEEDS)
    assert np.isfinite(forecasts[0]).all()
    assert np.isnan(forecasts[1]).all()


def test_forecast_folds_refuses_folds_of_unequal_lengths():
    shorter = make_fold(2)
    shorter.fit = shorter.fit.take(range(20))
    with pytest.raises(InputError, match=r"20.*22.*one length"):
        forecast_folds([make_fold(1), shorter], lstm, PLAN, SEEDS)
