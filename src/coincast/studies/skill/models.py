"""The models of the walk-forward: baselines, regressions, trees and networks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import keras
import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from coincast.datasets.features import LEVELS
from coincast.datasets.windows import FloatArray, Windows
from coincast.ensemble import Plan, forecast_folds
from coincast.evaluation.walk_forward import Model, per_fold
from coincast.models.networks import lstm
from coincast.studies.skill.tasks import MEMORY

__all__ = [
    "blanked",
    "causal_cnn_lstm",
    "classical_models",
    "estimator_model",
    "network_models",
]

PENALTIES = np.logspace(-2, 6, 17)  # of ridge regression, on standardised inputs
INVERSE_PENALTIES = np.logspace(-5, 0, 6)  # of logistic regression
TREES = {"n_estimators": 50, "max_depth": 2, "max_features": 0.2, "random_state": 0}


def causal_cnn_lstm(
    lags: int, features: int, filters: int = 8, width: int = 3, *, activation: str = "linear"
) -> keras.Model:
    """A causal convolution before the LSTM of the first demo.

    Without batch normalisation: a fold has too few steps for its running means.
    """
    inputs = keras.Input((lags, features), name="window")
    convolution = keras.layers.Conv1D(filters, width, padding="causal", activation="relu")
    outputs = lstm(lags, filters, activation=activation)(convolution(inputs))
    return keras.Model(inputs, outputs, name="causal_cnn_lstm")


# One object each: a compiled program is kept for its builder.
REGRESSORS, CLASSIFIERS = (
    {
        "lstm": partial(lstm, activation=activation),
        "cnn_lstm": partial(causal_cnn_lstm, activation=activation),
    }
    for activation in ("linear", "sigmoid")
)


def classical_models(task: str) -> dict[str, Model]:
    """Models of a task that need no network, baselines first; none of them sees the levels.

    Returns:
        Name -> model. For changes: `no_change`, `train_mean`, `last_change`, `ar` (regression on
        the window's own changes), `ridge`, `boosting`. For the range: `train_mean`, `last_range`,
        `har` (on the last day, week and month), `ridge`, `boosting`. For the direction, as the
        probability of a rise: `train_share`, `logistic`, `boosting`. Ridge and logistic regression
        choose their penalty on the train rows.

    Source: for HAR, Corsi, 2009, 10.1093/jjfinec/nbp001.
    """
    if task == "direction":
        logistic = GridSearchCV(
            LogisticRegression(solver="newton-cholesky"),
            {"C": INVERSE_PENALTIES},
            cv=TimeSeriesSplit(4),
            scoring="neg_log_loss",
        )
        return {
            "train_share": per_fold(_train_mean),
            "logistic": estimator_model(logistic),
            "boosting": estimator_model(GradientBoostingClassifier(**TREES)),
        }
    shared = {
        "ridge": estimator_model(RidgeCV(alphas=PENALTIES, alpha_per_target=True)),
        "boosting": estimator_model(GradientBoostingRegressor(**TREES)),
    }
    if task == "change":
        return {
            "no_change": per_fold(lambda _, test: np.zeros(len(test))),
            "train_mean": per_fold(_train_mean),
            "last_change": per_fold(lambda _, test: test.last("daily_change")),
            "ar": estimator_model(LinearRegression(), {"daily_change"}),
            **shared,
        }
    return {
        "train_mean": per_fold(_train_mean),
        "last_range": per_fold(lambda _, test: test.last("log_range")),
        "har": estimator_model(LinearRegression(), {"log_range", *MEMORY}, last_day=True),
        **shared,
    }


def _train_mean(train: Windows, test: Windows) -> FloatArray:
    return np.full(len(test), train.targets.mean())


def estimator_model(
    estimator: BaseEstimator, names: set[str] | None = None, *, last_day: bool = False
) -> Model:
    """Model from a scikit-learn estimator, a new copy of it for each fold.

    Args:
        estimator: a regressor, or for the direction a classifier that gives probabilities.
        names: features that it sees; None for all but levels.
        last_day: it sees those of the window's last day, not of all its days.
    """

    def forecast(train: Windows, test: Windows) -> FloatArray:
        kept = names or set(train.features) - set(LEVELS)
        first = train.inputs.shape[1] - 1 if last_day else 0
        x, y = (
            part.without(set(part.features) - kept).inputs[:, first:].reshape(len(part), -1)
            for part in (train, test)
        )
        fitted = clone(estimator).fit(x, train.targets)
        if hasattr(fitted, "predict_proba"):
            return np.asarray(fitted.predict_proba(y)[:, 1])
        return np.asarray(fitted.predict(y))

    return per_fold(forecast, scale=True)


def network_models(task: str, plan: Plan, seeds: Sequence[int]) -> dict[str, Model]:
    """LSTM and CNN-LSTM with and without levels, on the window's days alone.

    Unused features are 0 instead of left out, so that one compiled program serves all networks of
    a kind.

    Args:
        task: what they forecast.
        plan: how they are trained; its loss fits the task.
        seeds: of each fold's networks.

    Returns:
        Name -> model: `lstm`, `cnn_lstm`, `lstm_with_levels`, `cnn_lstm_with_levels`.
    """
    classes = task == "direction"
    builds = CLASSIFIERS if classes else REGRESSORS
    train = partial(forecast_folds, plan=plan, seeds=seeds, classes=classes)
    return {
        name + suffix: _blanking(partial(train, build=build), unused)
        for suffix, unused in (("", LEVELS), ("_with_levels", []))
        for name, build in builds.items()
    }


def _blanking(train: Model, unused: Sequence[str]) -> Model:
    """Model on the features of the day itself, some of them blanked."""

    def blank(windows: Windows) -> Windows:
        return blanked(windows.without(set(MEMORY)), unused)

    return lambda every: train([fold.apply(blank) for fold in every])


def blanked(windows: Windows, unused: Iterable[str]) -> Windows:
    """Windows of the same shape in which some features are 0."""
    hidden = np.isin(windows.features, list(unused))
    return replace(windows, inputs=np.where(hidden, 0.0, windows.inputs))
