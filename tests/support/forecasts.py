"""Tables of forecasts, as a walk-forward gives them."""

import numpy as np
import pandas as pd


def forecast_table(
    models, coin="bitcoin", days=400, start="2017-01-01", *, seed=1, probability=False
):
    """Return targets of a coin, and forecasts that each know a share of them.

    Args:
        models: model -> share of the target that it knows; a tuple for one share per seed.

    """
    random = np.random.default_rng(seed)
    dates = pd.date_range(start, periods=days, name="date")
    values = random.normal(0, 0.04, days)
    target = (values > 0).astype(float) if probability else values
    parts = []
    for model, shares in models.items():
        for number, share in enumerate(np.atleast_1d(shares)):
            told = 0.5 + share * np.sign(values) / 2 if probability else share * values
            table = pd.DataFrame({"date": dates, "forecast": told, "target": target})
            fold = np.arange(days) // 90
            parts.append(table.assign(coin=coin, model=model, seed=number, fold=fold))
    return pd.concat(parts, ignore_index=True)
