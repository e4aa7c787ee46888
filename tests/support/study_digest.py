"""Repeat small parts of the studies and print the SHA-256 of each result as JSON.

`python tests/support/study_digest.py tables` computes features, baselines, the block bootstrap and
logistic regression. `python tests/support/study_digest.py BACKEND NETWORK...` fits each network
(`lstm`, `cnn_lstm`) for two epochs.
"""

import hashlib
import json
import sys
from functools import partial

import numpy as np

from coincast.datasets import features, windows
from coincast.models.backend import use_backend
from coincast.prices.load import load_common, load_prices
from coincast.prices.schema import OHLC

EPOCHS = 2
ROWS = 20  # few windows: an emulated processor is slow


def digest(*arrays):
    """Return the SHA-256 of the bytes of arrays."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def ethereum():
    """Return the feature table of the Ethereum study, its train and its test windows."""
    prices = load_common(["bitcoin", "ethereum"], "", "2018-01-13", "bundled")
    table = features.feature_table(prices)
    made = windows.make_windows(table, features.next_change(prices["ethereum"]), lags=4)
    return table, *windows.split(made, "2017-02-28", "2017-11-15", share_border=True)


def bitcoin():
    """Return the train and the test windows of the Bitcoin study."""
    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", "bundled", venue="bitstamp")
    made = windows.make_windows(prices[OHLC], features.rises(prices, 2), 30, 2)
    return windows.split_share(windows.normalise_each(made), 0.9, share_border=True)


def tables():
    """Return digests of what NumPy, pandas, SciPy, scikit-learn and arch compute."""
    from sklearn.linear_model import LogisticRegression

    from coincast.evaluation import scoring
    from coincast.models import baselines

    table, train, test = ethereum()
    forecasts = baselines.forecast_baselines(train, test, "ethereum")
    scores = scoring.mae_table(forecasts, test.targets)
    rows = windows.standardise(*bitcoin())[0]
    directions = LogisticRegression(max_iter=1000).fit(rows.flat, rows.targets)
    return {
        "features": digest(table.to_numpy()),
        **{name: digest(forecast) for name, forecast in forecasts.items()},
        "bootstrap": digest(scores.to_numpy(dtype=np.float64)),
        "logistic_regression": digest(directions.coef_, directions.intercept_),
    }


def fit(backend, *names):
    """Return, per network, what a short fit gives and a digest that covers its weights too."""
    use_backend(backend)
    import keras

    from coincast.models import networks, training

    nadam = partial(keras.optimizers.Nadam, 0.002)
    cases = {
        "lstm": (windows.standardise(*ethereum()[1:]), training.REGRESSION),
        "cnn_lstm": (bitcoin(), training.Recipe(nadam, "sparse_categorical_crossentropy")),
    }
    results = {}
    for name in names:
        parts, recipe = cases[name]
        train, test = (part.take(np.arange(ROWS)) for part in parts)
        counts = {"epochs": EPOCHS, "batch_size": ROWS // 2, "seed": 1}
        model, history = training.train(
            getattr(networks, name), train, test, recipe=recipe, **counts
        )
        forecast = training.predict(model, test)
        results[name] = {
            "losses": history.to_numpy().ravel().tolist(),
            "forecast": forecast.tolist(),
            "everything": digest(history.to_numpy(), *model.get_weights(), forecast),
        }
    return results


if __name__ == "__main__":
    part, *networks = sys.argv[1:]
    print("\n" + json.dumps(fit(part, *networks) if networks else tables()))
