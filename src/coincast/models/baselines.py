"""What every model must beat: forecasts that need no network."""

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV

from coincast.datasets.features import LEVELS
from coincast.datasets.windows import Windows, standardise
from coincast.errors import InputError

__all__ = [
    "forecast_baselines",
    "forecast_constants",
    "forecast_directions",
    "forecast_regressions",
]

FloatArray = npt.NDArray[np.float64]
RIDGE_PENALTIES = np.logspace(-2, 6, 33)  # on standardised inputs: from none to nearly the mean


def forecast_baselines(train: Windows, test: Windows, coin: str) -> dict[str, FloatArray]:
    """Return each baseline's forecasts of the test targets.

    Args:
        train: windows with raw (unscaled) features.
        test: windows of the same features.
        coin: whose daily change is the target; persistence repeats its last one.

    Returns:
        Name -> (test windows,), the simplest first.
    """
    return forecast_constants(train, test, coin) | forecast_regressions(train, test)


def forecast_constants(train: Windows, test: Windows, coin: str) -> dict[str, FloatArray]:
    """Return the forecasts without a fit: zero, train mean and median, yesterday's change."""
    return {
        "zero": np.zeros(len(test)),
        "train_mean": np.full(len(test), train.targets.mean()),
        "train_median": np.full(len(test), np.median(train.targets)),
        "persistence": test.last(f"{coin}_daily_change"),
    }


def forecast_regressions(train: Windows, test: Windows) -> dict[str, FloatArray]:
    """Return the forecasts of linear models on the flattened windows, standardised on train.

    The ridge penalty is chosen by leave-one-out errors within the train rows.
    """
    ridge = RidgeCV(alphas=RIDGE_PENALTIES)
    return {
        "linear_regression": _fit_predict(LinearRegression(), train, test),
        "linear_regression_without_levels": _fit_predict(
            LinearRegression(), _without_levels(train), _without_levels(test)
        ),
        "ridge": _fit_predict(ridge, train, test),
    }


def forecast_directions(train: Windows, test: Windows) -> dict[str, FloatArray]:
    """Return the up-or-down forecasts that need no network, 1 for up and 0 for not.

    Args:
        train: windows whose targets are 0 or 1 and whose features include `close`.
        test: windows of the same features.

    Returns:
        Name -> (test windows,): always up; the class that most train rows have; the direction
        of the window's last day; logistic regression on the same inputs, standardised on train
        (penalty: scikit-learn's own, not chosen on anything).

    Raises:
        InputError: the train rows are of one class, or a window holds one row.
    """
    share = float(train.targets.mean())
    if share in (0, 1):
        raise InputError(
            f"all {len(train)} train rows are of one class ({'up' if share else 'not up'}); "
            "use a longer period, another coin or another horizon_days"
        )
    logistic = LogisticRegression(max_iter=1000)
    return {
        "always_up": np.ones(len(test)),
        "majority_class": np.full(len(test), float(share > 1 / 2)),
        "yesterdays_sign": (test.change("close") > 0).astype(np.float64),
        "logistic_regression": _fit_predict(logistic, train, test),
    }


def _without_levels(windows: Windows) -> Windows:
    """Return the windows without close and volume of any coin."""
    return windows.without({name for name in windows.features if name.split("_", 1)[-1] in LEVELS})


def _fit_predict(
    model: LinearRegression | LogisticRegression | RidgeCV, train: Windows, test: Windows
) -> FloatArray:
    scaled_train, scaled_test = standardise(train, test)
    fitted = model.fit(scaled_train.flat, scaled_train.targets)
    return np.asarray(fitted.predict(scaled_test.flat))
