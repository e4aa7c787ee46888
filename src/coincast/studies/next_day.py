"""The next day's change of a coin, forecast by the Ethereum study's LSTM fitted to all days."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np
import pandas as pd

from coincast.datasets.features import LEVELS, coin_features, next_change
from coincast.datasets.windows import fit_scaler, make_windows, split_tail, standardise
from coincast.ensemble import Ensemble, Plan, train_members
from coincast.errors import InputError, shown
from coincast.evaluation.intervals import COVERAGE, next_interval
from coincast.models import networks
from coincast.models.saved import Card, SavedModel

__all__ = ["fit", "forecast", "measured_skill", "worth"]

LAGS, EPOCHS = 4, 21  # of the Ethereum study
VALIDATION = 0.2  # share of the days, the last ones
MINIMUM_DAYS = 410  # a fifth of them gives the 80 errors that an interval needs


def fit(prices: pd.DataFrame, seeds: Sequence[int]) -> SavedModel:
    """The mean of one LSTM per seed, fitted to all days whose next day is known.

    LSTMs fitted to the first four fifths of the days choose each seed's epoch on the last fifth;
    their errors there calibrate the interval. Then each seed is fitted again, to all days,
    up to its epoch. The inputs are the coin's own features without levels, standardised.

    Args:
        prices: of one coin, as from `load_prices`.
        seeds: one per LSTM.

    Raises:
        InputError: too few days, an LSTM that cannot be fitted, or Keras does not run on JAX.
    """
    if len(prices) < MINIMUM_DAYS:
        raise InputError(f"{len(prices)} days of prices are too few; use {MINIMUM_DAYS} or more")
    table = coin_features(prices).drop(columns=LEVELS)
    windows = make_windows(table, next_change(prices), LAGS)
    earlier, later = standardise(*split_tail(windows, VALIDATION))
    plan = Plan(EPOCHS, batch_size=1)
    first = train_members(networks.lstm, earlier, later, replace(plan, keep_best=True), seeds)
    epochs = (first.history["val_loss"].argmin(axis=1) + 1).tolist()
    errors = first.predict(later).mean(axis=0) - later.targets
    if not np.isfinite(errors).all():
        raise InputError("the LSTMs cannot be fitted to these prices; use another period or source")
    (scaled,) = standardise(windows)
    final = train_members(networks.lstm, scaled, later, plan, seeds, stop_after=epochs)
    scaler = fit_scaler(windows)
    card = Card(
        model="lstm",
        coin=prices.attrs["coin"],
        source=prices.attrs["source"],
        data_sha256=prices.attrs["sha256"],
        features=list(windows.features),
        lags=LAGS,
        mean=scaler.mean_.tolist(),
        scale=scaler.scale_.tolist(),
        first_day=f"{windows.target_dates[0]:%Y-%m-%d}",
        last_day=f"{windows.target_dates[-1]:%Y-%m-%d}",
        rows=len(windows),
        epochs=epochs,
        train_mean=float(windows.targets.mean()),
        errors=errors.tolist(),
    )
    return SavedModel(_mean_network(final), card)


def _mean_network(members: Ensemble) -> keras.Model:
    """The members as one network whose output is their mean."""
    window = keras.Input(members.program.shape, name="window")
    parts = [members.member(position) for position in range(len(members))]
    outputs = [
        keras.Model(part.input, part.output, name=f"seed_{seed}")(window)
        for seed, part in zip(members.seeds, parts, strict=True)
    ]
    return keras.Model(window, keras.layers.Average(name="mean")(outputs), name="mean_of_seeds")


def forecast(saved: SavedModel, prices: pd.DataFrame) -> dict[str, Any]:
    """The forecast of the day after the last one, its interval, and the constants beside it.

    Returns:
        Changes as fractions: `forecast`, `interval` (`low`, `high`, `level`, `calibration_rows`),
        `constants`; `coin`, `source`, `last_day`, `day`; `model`: the card without its errors.

    Raises:
        InputError: the model has seen that day or needs features that the prices do not give.
    """
    card, last = saved.card, prices.index[-1]
    if last < pd.Timestamp(card.last_day):
        raise InputError(
            f"the model was fitted to days up to {card.last_day}, but the prices end "
            f"{last:%Y-%m-%d}; use prices up to that day, or fit a model to these (no --model)"
        )
    table = coin_features(prices)
    if unknown := sorted(set(card.features) - set(table)):
        raise InputError(
            f"the model needs {shown(unknown[0])}, which is not among {', '.join(table)}; use one "
            "with these features"
        )
    rows = table[card.features].tail(card.lags).to_numpy()  # (lags, features)
    change = saved.predict(rows) if len(rows) == card.lags else np.nan
    if not np.isfinite(change):
        raise InputError(
            f"the model gives no number for the {len(rows)} days up to {last:%Y-%m-%d}, of which "
            f"it needs {card.lags} without gaps; use a longer period, or another source or model"
        )
    low, high = next_interval(np.array(card.errors), change)
    return {
        "coin": card.coin,
        "source": prices.attrs["source"],
        "last_day": f"{last:%Y-%m-%d}",
        "day": f"{last + pd.Timedelta(days=1):%Y-%m-%d}",
        "forecast": change,
        "interval": {
            "low": low,
            "high": high,
            "level": COVERAGE,
            "calibration_rows": len(card.errors),
        },
        "constants": {"no_change": 0.0, "train_mean": card.train_mean},
        "model": {name: value for name, value in asdict(card).items() if name != "errors"},
    }


def measured_skill(recorded: Mapping[str, Any], card: Card) -> dict[str, Any] | None:
    """Skill of this kind of model on this coin against no change, as the walk-forward recorded it.

    Args:
        recorded: values of 06_walk_forward; empty if it has not been run.
        card: of the model.

    Returns:
        `skill_no_change`, `skill_no_change_low`, `skill_no_change_high`, `n` and more; None where
        it was not measured.
    """
    models = recorded.get("skill", {}).get("change", {}).get(card.coin, {})
    found: dict[str, Any] | None = models.get(card.model)
    return found


def worth(skill: Mapping[str, Any] | None, coin: str) -> str:
    """What a forecast is worth, by the interval of its measured skill against no change.

    >>> worth(None, "eos")
    'Whether this model is better than no change for eos has not been measured: nothing says so.'
    """
    if skill is None:
        return (
            f"Whether this model is better than no change for {coin} has not been measured: "
            "nothing says so."
        )
    value, low, high = (skill[f"skill_no_change{end}"] for end in ("", "_low", "_high"))
    told = f"skill {value:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, n = {skill['n']} days"
    which = f"In the walk-forward on bundled {coin} prices, forecasts of an LSTM like this"
    if low > 0:
        return f"{which} were better than no change ({told}), before any trading cost."
    if high < 0:
        return f"{which} were worse than no change ({told}): use no change."
    return (
        f"{which} cannot be told from no change ({told}): they are worth no more than assuming "
        "that the price stays where it is."
    )
