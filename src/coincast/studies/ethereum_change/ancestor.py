"""The notebook that both demos grew from: 25 runs per coin, and its random walk.

A window holds ten days of both coins; the target is the next close as a change since the window's
first day. In that unit the last close carried forward is the window's last row.

Source: D. Sheehan, "Predicting cryptocurrency prices with deep learning", November 2017. Its code
survives in full, so inputs, target, split and random steps follow it. What differs: its prices were
CoinMarketCap's, from January 2016 on, and its random numbers came from another generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coincast.datasets.features import LEVELS, change_to_next, daily_change, feature_table
from coincast.datasets.windows import FloatArray, Windows, make_windows, relative_to_first
from coincast.errors import InputError
from coincast.evaluation.scoring import mae_table, skill_sentence
from coincast.prices.schema import parse_date
from coincast.studies.claims import CLAIMS

__all__ = ["CoinData", "coin_data", "forecast_walks", "published", "score", "sentences"]

CLAIMED = {"lstm": "lstm_mae", "random_walk_published": "random_walk_mae"}


@dataclass(frozen=True)
class CoinData:
    """What one coin's runs are trained and tested on.

    Attributes:
        coin: whose next close is forecast.
        train: windows whose days and targets all precede the test period.
        test: windows whose days and targets all lie in the test period.
        steps: (days,), the coin's daily changes before the test period.
    """

    coin: str
    train: Windows
    test: Windows
    steps: FloatArray


def coin_data(
    prices: Mapping[str, pd.DataFrame], coin: str, test_start: str, lags: int = 10
) -> CoinData:
    """Windows of all coins with one coin's target, before and in the test period.

    Args:
        prices: coin -> validated prices, on the same days.
        coin: one of them.
        test_start: first day of the test period; "YYYY-MM-DD".
        lags: days in a window.

    Raises:
        InputError: a malformed day, or a period shorter than a window and its target.
    """
    border = pd.Timestamp(parse_date(test_start, "test_start"))
    made = make_windows(feature_table(prices), change_to_next(prices[coin], lags), lags)
    made = made.without({f"{name}_daily_change" for name in prices})
    first_days = made.dates - pd.Timedelta(days=lags - 1)
    rows = {"train": made.target_dates < border, "test": first_days >= border}
    for part, chosen in rows.items():
        if not chosen.any():
            raise InputError(
                f"no {part} window of {lags} days and a target fits {made.dates[0]:%Y-%m-%d}.."
                f"{made.target_dates[-1]:%Y-%m-%d} with test_start {test_start!r}; "
                "move it or use a longer period"
            )
    levels = {f"{name}_{level}" for name in prices for level in LEVELS}
    train, test = (relative_to_first(made.take(chosen), levels) for chosen in rows.values())
    steps = daily_change(prices[coin][prices[coin].index < border]).to_numpy()
    return CoinData(coin, train, test, steps)


def forecast_walks(data: CoinData, seeds: range) -> dict[str, FloatArray]:
    """Forecasts of the test targets that need no network.

    Args:
        data: of one coin.
        seeds: one per random walk.

    Returns:
        `first_close` and `no_change`, the window's first and last close: (n,) each;
        `random_walk_published` and `random_walk_from_close`, one random step from the first and
        one from the last: (seeds, n). Steps are normal, with the mean and standard deviation of
        the daily changes before the test period.
    """
    last = data.test.last(f"{data.coin}_close")
    mean, deviation = data.steps.mean(), data.steps.std()
    steps = np.stack(
        [np.random.default_rng(seed).normal(mean, deviation, len(last)) for seed in seeds]
    )  # (seeds, n)
    return {
        "first_close": np.zeros(len(last)),
        "no_change": last,
        "random_walk_published": steps,
        "random_walk_from_close": (1 + last) * (1 + steps) - 1,
    }


def score(data: CoinData, lstm: FloatArray, seeds: range, *, seed: int = 0) -> pd.DataFrame:
    """Errors of the networks beside those of the forecasts that need none.

    Args:
        data: of one coin.
        lstm: (runs, n), the networks' forecasts of the test targets.
        seeds: of the random walks.
        seed: of the bootstrap.

    Returns:
        `scoring.mae_table` against no change since the last close, each row a mean over its runs.
        Further columns: `runs`; `by_run`, a list of their mean absolute errors; `run_sd`, the
        standard deviation of these, 0 for a single forecast; `runs_below_no_change`, how many
        beat it.
    """
    targets = data.test.targets
    forecasts = forecast_walks(data, seeds) | {"lstm": lstm}
    table = mae_table(forecasts, targets, baselines=["no_change"], seed=seed)
    errors = [np.abs(np.atleast_2d(f) - targets).mean(axis=1) for f in forecasts.values()]
    below = [int((runs < table.loc["no_change", "mae"]).sum()) for runs in errors]
    return table.assign(
        runs=[len(runs) for runs in errors],
        by_run=[runs.tolist() for runs in errors],
        run_sd=[runs.std(ddof=min(1, len(runs) - 1)) for runs in errors],
        runs_below_no_change=below,
    )


def published(coin: str) -> dict[str, float]:
    """Published mean absolute errors of a coin by forecast; none for other coins.

    >>> published("bitcoin")
    {'lstm': 0.04, 'random_walk_published': 0.13}
    """
    claims = {name: CLAIMS.get(f"sheehan_{coin}_{key}") for name, key in CLAIMED.items()}
    return {name: claim.value for name, claim in claims.items() if claim and claim.value}


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Two sentences per coin: on the networks, and on what they were compared with.

    Args:
        tables: coin -> as `score` gives them.
    """
    found = []
    for coin, table in tables.items():
        about = {name: f" (published: about {mae})" for name, mae in published(coin).items()}
        mae, row = table["mae"], table.loc["lstm"]
        network = (
            f"{skill_sentence(table, 'lstm')} That is the mean of {row['runs']} "
            f"seeds{about.get('lstm', '')}, sd {row['run_sd']:.4f} between them; "
            f"{row['runs_below_no_change']} of them beat no change. Other days alone would "
            f"move the MAE by a standard error of {row['standard_error']:.4f}."
        )
        walk = (
            f"one day's noise as a forecast of the whole window's change has an MAE of "
            f"{mae['random_walk_published']:.4f}{about.get('random_walk_published', '')}, no "
            f"change since the first close has {mae['first_close']:.4f}. The same noise on the "
            f"last close has {mae['random_walk_from_close']:.4f}, and no change since the last "
            f"close {mae['no_change']:.4f}."
        )
        found += [f"{coin.capitalize()}: {sentence}" for sentence in (network, walk)]
    return found
