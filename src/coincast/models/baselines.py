"""Simple forecasts that every network has to beat."""

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV

from coincast.datasets.features import level_columns
from coincast.datasets.windows import Windows, standardise
from coincast.errors import InputError

__all__ = ["forecast_baselines", "forecast_directions"]

FloatArray = npt.NDArray[np.float64]
RIDGE_PENALTIES = np.logspace(-2, 6, 33)  # on standardised inputs: from none to nearly the mean


def forecast_baselines(train: Windows, test: Windows, coin: str) -> dict[str, FloatArray]:
    """Baseline forecasts of the test targets, simplest first.

    Args:
        train: windows with raw (unscaled) features.
        test: windows of the same features.
        coin: whose daily change is the target.

    Returns:
        Name -> (test windows,): a change of zero (`no_change`); the train mean and median;
        yesterday's change (`last_change`); linear regression with and without price and volume
        levels, and ridge regression, on the flattened windows, standardised on train.
        Leave-one-out errors within train choose the ridge penalty.
    """
    levels = level_columns(train.features)
    without_levels = train.without(levels), test.without(levels)
    return {
        "no_change": np.zeros(len(test)),
        "train_mean": np.full(len(test), train.targets.mean()),
        "train_median": np.full(len(test), np.median(train.targets)),
        "last_change": test.last(f"{coin}_daily_change"),
        "linear_regression": _fit_predict(LinearRegression(), train, test),
        "linear_regression_without_levels": _fit_predict(LinearRegression(), *without_levels),
        "ridge": _fit_predict(RidgeCV(alphas=RIDGE_PENALTIES), train, test),
    }


def forecast_directions(train: Windows, test: Windows) -> dict[str, FloatArray]:
    """Baseline forecasts of up (1) or not up (0).

    Args:
        train: windows whose targets are 0 or 1 and whose features include `close`.
        test: windows of the same features.

    Returns:
        Name -> (test windows,): always up; the more frequent class of the train targets; the
        direction of the window's last day; logistic regression on the flattened windows,
        standardised on train, with scikit-learn's default penalty.

    Raises:
        InputError: all train targets are of one class, or a window has a single row.
    """
    share = float(train.targets.mean())
    if share in (0, 1):
        raise InputError(
            f"all {len(train)} train rows are of one class ({'up' if share else 'not up'}); "
            "use a longer period, another coin or another horizon_days"
        )
    if train.inputs.shape[1] == 1:
        raise InputError("yesterday's sign needs windows of 2 rows or more, not 1")
    close = test.inputs[:, :, test.features.index("close")]  # (windows, lags)
    return {
        "always_up": np.ones(len(test)),
        "majority_class": np.full(len(test), float(share > 1 / 2)),
        "yesterdays_sign": (close[:, -1] > close[:, -2]).astype(np.float64),
        "logistic_regression": _fit_predict(LogisticRegression(max_iter=1000), train, test),
    }


def _fit_predict(
    model: LinearRegression | LogisticRegression | RidgeCV, train: Windows, test: Windows
) -> FloatArray:
    scaled_train, scaled_test = standardise(train, test)
    fitted = model.fit(scaled_train.flat, scaled_train.targets)
    return np.asarray(fitted.predict(scaled_test.flat))
