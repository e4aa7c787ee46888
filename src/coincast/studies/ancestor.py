"""The notebook that both demos grew from: 25 runs a coin, and the random walk beside them.

A window holds ten days of both coins; the target is the next close as a change since the window's
first day. In that unit the last close carried forward is the window's last row.

Source: D. Sheehan, "Predicting cryptocurrency prices with deep learning", November 2017. Its code
survives whole, so inputs, target, split and random steps are as it has them. What differs: its
prices were CoinMarketCap's, from January 2016 on, and another generator drew its random numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.features import LEVELS, change_to_next, daily_change, feature_table
from coincast.datasets.windows import Windows, make_windows, relative_to_first
from coincast.errors import InputError
from coincast.evaluation.scoring import mae_table, skill_sentence
from coincast.prices.schema import parse_date
from coincast.studies.claims import CLAIMS

__all__ = ["Study", "forecast_walks", "make_study", "published", "score", "sentences"]

FloatArray = npt.NDArray[np.float64]
CLAIMED = {"lstm": "lstm_mae", "random_walk_published": "random_walk_mae"}


@dataclass(frozen=True)
class Study:
    """What one coin's runs are trained and tested on.

    Attributes:
        coin: whose next close is forecast.
        train: windows whose days and targets all lie before the test period.
        test: windows whose days and targets all lie in the test period.
        steps: (days,), the coin's daily changes before the test period.
    """

    coin: str
    train: Windows
    test: Windows
    steps: FloatArray


def make_study(
    prices: Mapping[str, pd.DataFrame], coin: str, test_start: str, lags: int = 10
) -> Study:
    """Return windows of all coins with the target of one, cut from each period by itself.

    Args:
        prices: coin -> validated prices, on the same days.
        coin: one of them.
        test_start: first day of the test period; "YYYY-MM-DD".
        lags: days in a window.

    Raises:
        InputError: a day that is none, or a period shorter than a window and its target.
    """
    border = pd.Timestamp(parse_date(test_start, "test_start"))
    before = {name: table[table.index < border] for name, table in prices.items()}
    after = {name: table[table.index >= border] for name, table in prices.items()}
    for period, tables in (("before", before), ("from", after)):
        if len(tables[coin]) <= lags:
            raise InputError(
                f"{len(tables[coin])} days {period} the test period's first, {test_start!r}, are "
                f"too few for windows of {lags} days and a target; move it or take a longer period"
            )
    steps = daily_change(before[coin]).to_numpy()
    return Study(coin, _windows(before, coin, lags), _windows(after, coin, lags), steps)


def _windows(prices: Mapping[str, pd.DataFrame], coin: str, lags: int) -> Windows:
    made = make_windows(feature_table(prices), change_to_next(prices[coin], lags), lags)
    levels = {f"{name}_{level}" for name in prices for level in LEVELS}
    return relative_to_first(made.without({f"{name}_daily_change" for name in prices}), levels)


def forecast_walks(study: Study, seeds: range) -> dict[str, FloatArray]:
    """Return the forecasts of the test targets that need no network.

    Args:
        study: of one coin.
        seeds: one a random walk.

    Returns:
        `first_close` and `persistence`, the window's first and last close: (n,) each;
        `random_walk_published` and `random_walk_from_close`, one random step from the first and
        one from the last: (seeds, n). A step is normal, with mean and deviation of the daily
        changes before the test period.
    """
    last = study.test.last(f"{study.coin}_close")
    mean, deviation = study.steps.mean(), study.steps.std()
    steps = np.stack(
        [np.random.default_rng(seed).normal(mean, deviation, len(last)) for seed in seeds]
    )  # (seeds, n)
    return {
        "first_close": np.zeros(len(last)),
        "persistence": last,
        "random_walk_published": steps,
        "random_walk_from_close": (1 + last) * (1 + steps) - 1,
    }


def score(study: Study, lstm: FloatArray, seeds: range, *, seed: int = 0) -> pd.DataFrame:
    """Return the errors of the networks beside those of the forecasts that need none.

    Args:
        study: of one coin.
        lstm: (runs, n), the networks' forecasts of the test targets.
        seeds: of the random walks.
        seed: of the bootstrap.

    Returns:
        `evaluation.mae_table` against persistence, each row a mean over its runs. Further columns:
        `runs`; `by_run`, a list of the mean absolute error of each; `run_sd`, their deviation, 0
        for a single forecast; `runs_below_persistence`, how many.
    """
    targets = study.test.targets
    forecasts = forecast_walks(study, seeds) | {"lstm": lstm}
    table = mae_table(forecasts, targets, baseline="persistence", seed=seed)
    errors = [np.abs(np.atleast_2d(f) - targets).mean(axis=1) for f in forecasts.values()]
    below = [int((runs < table.loc["persistence", "mae"]).sum()) for runs in errors]
    return table.assign(
        runs=[len(runs) for runs in errors],
        by_run=[runs.tolist() for runs in errors],
        run_sd=[runs.std(ddof=min(1, len(runs) - 1)) for runs in errors],
        runs_below_persistence=below,
    )


def published(coin: str) -> dict[str, float]:
    """Return the published mean absolute errors of a coin by forecast; none for other coins.

    >>> published("bitcoin")
    {'lstm': 0.04, 'random_walk_published': 0.13}
    """
    claims = {name: CLAIMS.get(f"sheehan_{coin}_{key}") for name, key in CLAIMED.items()}
    return {name: claim.value for name, claim in claims.items() if claim and claim.value}


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return two sentences a coin: on the networks, and on what they were compared with."""
    found = []
    for coin, table in tables.items():
        about = {name: f" (published: about {mae})" for name, mae in published(coin).items()}
        found += [
            f"{coin.capitalize()}: {_network_sentence(table, about.get('lstm', ''))}",
            f"{coin.capitalize()}: {_walk_sentence(table, about.get('random_walk_published', ''))}",
        ]
    return found


def _network_sentence(table: pd.DataFrame, about: str) -> str:
    row = table.loc["lstm"]
    return (
        f"{skill_sentence(table, 'lstm', 'persistence')} That is the mean of {row['runs']} "
        f"seeds{about}, sd {row['run_sd']:.4f} between them; {row['runs_below_persistence']} of "
        f"them beat persistence. Other days alone would move the MAE by a standard error of "
        f"{row['standard_error']:.4f}."
    )


def _walk_sentence(table: pd.DataFrame, about: str) -> str:
    mae = table["mae"]
    return (
        f"one day's noise as a forecast of the whole window's change has an MAE of "
        f"{mae['random_walk_published']:.4f}{about}, no change at all has "
        f"{mae['first_close']:.4f}. The same noise on the last close has "
        f"{mae['random_walk_from_close']:.4f}, and the last close without noise, which is "
        f"persistence, {mae['persistence']:.4f}."
    )
