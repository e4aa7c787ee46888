"""The Ethereum LSTM as published and changed in one respect at a time, over many seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from coincast.datasets.features import level_columns
from coincast.datasets.windows import FloatArray, Windows, split_tail, standardise
from coincast.ensemble import Ensemble, Plan, train_members
from coincast.ensemble.plan import Build
from coincast.evaluation.scoring import mae_table, skill_sentence
from coincast.models import networks
from coincast.models.baselines import forecast_baselines

__all__ = [
    "Run",
    "baseline_runs",
    "fit_sentence",
    "mean_forecasts",
    "published_sentence",
    "score",
    "sentences",
    "train_variants",
]

THREE_LAYERS: Build = partial(networks.lstm, layers=3)  # one object, compiled once
VALIDATION_SHARE = 0.2  # of the train windows, the last
ORDINARY = 0.05  # share of seeds from which on a run as good as the published one is no rarity
COMPARED = (
    ("lstm", "linear_regression"),
    ("lstm", "lstm_without_driver"),
    ("lstm_without_levels", "lstm_without_levels_or_driver"),
    ("lstm_three_layers", "lstm"),
    ("lstm_without_levels", "linear_regression_without_levels"),
    ("lstm_without_levels", "train_mean"),
    ("lstm_honest", "no_change"),
    ("lstm_honest_refitted", "lstm_honest"),
)
OPPONENTS = tuple(dict.fromkeys(opponent for _, opponent in COMPARED))


@dataclass(frozen=True)
class Run:
    """Forecasts of a kind, one member per seed.

    Attributes:
        forecasts: (members, n), of the test targets.
        train_mae: (members,), on the rows that were fitted, without dropout.
        epochs: (members,), passes over the train windows; 0 for what is not trained in passes.
    """

    forecasts: FloatArray
    train_mae: FloatArray
    epochs: npt.NDArray[np.int64]

    def errors(self, targets: FloatArray) -> FloatArray:
        """Mean absolute error of each member: (members,)."""
        return np.asarray(np.abs(self.forecasts - targets).mean(axis=1))


def train_variants(
    train: Windows,
    test: Windows,
    plan: Plan,
    seeds: Sequence[int],
    *,
    driver: str,
    strict_train: Windows,
) -> dict[str, Run]:
    """Train the LSTM as published and six variants of it, one member per seed each.

    Args:
        train: windows with raw (unscaled) features, as published.
        test: windows of the same features. No variant chooses anything on them.
        plan: how the published LSTM is trained.
        seeds: the same for all variants.
        driver: coin whose features one variant leaves out.
        strict_train: train windows that share no target with test, for the honest protocol.

    Returns:
        `lstm` as published; `lstm_without_driver`; `lstm_without_levels` (close and volume of both
        coins); `lstm_without_levels_or_driver`; `lstm_three_layers`; `lstm_honest`: the last fifth
        of the strict train windows chooses each seed's epoch; `lstm_honest_refitted`: trained anew
        on all strict train windows up to that epoch.
    """
    levels = level_columns(train.features)
    of_driver = {name for name in train.features if name.startswith(f"{driver}_")}
    left_out = {"driver": of_driver, "levels": levels, "levels_or_driver": levels | of_driver}
    without = {
        f"lstm_without_{what}": _train(
            networks.lstm, train.without(names), test.without(names), plan, seeds
        )
        for what, names in left_out.items()
    }
    return {
        "lstm": _train(networks.lstm, train, test, plan, seeds),
        **without,
        "lstm_three_layers": _train(THREE_LAYERS, train, test, plan, seeds),
        **_train_honestly(strict_train, test, plan, seeds),
    }


def _train(
    build: Build,
    train: Windows,
    test: Windows,
    plan: Plan,
    seeds: Sequence[int],
    stop_after: Sequence[int] | None = None,
) -> Run:
    fitted, scaled_test = standardise(train, test)
    members = train_members(build, fitted, scaled_test, plan, seeds, stop_after=stop_after)
    epochs = np.full(len(seeds), plan.epochs) if stop_after is None else np.asarray(stop_after)
    return _run(members, fitted, scaled_test, epochs)


def _train_honestly(
    train: Windows, test: Windows, plan: Plan, seeds: Sequence[int]
) -> dict[str, Run]:
    fit, validation, scaled_test = standardise(*split_tail(train, VALIDATION_SHARE), test)
    best = replace(plan, keep_best=True)
    members = train_members(networks.lstm, fit, validation, best, seeds)
    epochs = members.history["val_loss"].argmin(axis=1) + 1
    return {
        "lstm_honest": _run(members, fit, scaled_test, epochs),
        "lstm_honest_refitted": _train(networks.lstm, train, test, plan, seeds, epochs.tolist()),
    }


def _run(members: Ensemble, fitted: Windows, test: Windows, epochs: npt.NDArray[np.int64]) -> Run:
    train_mae = np.abs(members.predict(fitted) - fitted.targets).mean(axis=1)
    return Run(members.predict(test), train_mae, epochs)


def baseline_runs(train: Windows, test: Windows, coin: str) -> dict[str, Run]:
    """The forecasts of `forecast_baselines` as runs of one member each."""
    fitted = forecast_baselines(train, train, coin)
    train_mae = {name: np.abs(values - train.targets).mean() for name, values in fitted.items()}
    return {
        name: Run(values[None], np.array([train_mae[name]]), np.zeros(1, np.int64))
        for name, values in forecast_baselines(train, test, coin).items()
    }


def score(
    runs: Mapping[str, Run], targets: FloatArray, published: float, *, seed: int
) -> pd.DataFrame:
    """Errors of every kind of forecast: what seeds and what days do to them.

    Args:
        runs: name -> forecasts; those of `baseline_runs` and `train_variants`.
        targets: (n,), in order of time.
        published: an error to rank the seeds by.
        seed: of the intervals.

    Returns:
        One row per run: `scoring.mae_table` of errors averaged over its members, against every
        opponent that the demo's text suggests; `seeds`, how many these are; `seed_sd`, the
        standard deviation of their errors (0 for one); `train_mae`, a mean; `epochs`, a median;
        the shares of seeds `below_no_change`, `below_train_mean` and
        `below_published`.
    """
    forecasts = {name: run.forecasts for name, run in runs.items()}
    table = mae_table(forecasts, targets, baselines=OPPONENTS, seed=seed)
    errors = {name: run.errors(targets) for name, run in runs.items()}
    limits = {name: float(table.loc[name, "mae"]) for name in ("no_change", "train_mean")}
    rows = {
        name: {
            "seeds": len(own),
            "seed_sd": float(np.std(own, ddof=1)) if len(own) > 1 else 0.0,
            "train_mae": float(runs[name].train_mae.mean()),
            "epochs": float(np.quantile(runs[name].epochs, 0.5)),
            **{
                f"below_{limit}": float((own < mae).mean())
                for limit, mae in (limits | {"published": published}).items()
            },
        }
        for name, own in errors.items()
    }
    return table.join(pd.DataFrame.from_dict(rows, orient="index"))


def mean_forecasts(runs: Mapping[str, Run], targets: FloatArray, *, seed: int) -> pd.DataFrame:
    """`scoring.mae_table` of the mean of each run's members, day by day, as one forecast."""
    means = {name: run.forecasts.mean(axis=0) for name, run in runs.items()}
    return mae_table(means, targets, seed=seed)


def published_sentence(scores: pd.DataFrame, published: float) -> str:
    """How ordinary the published error is among the seeds, and what it is worth.

    Args:
        scores: as `score` gives them.
        published: the error that `score` was given.
    """
    row = scores.loc["lstm"]
    share = row["below_published"]
    if share >= ORDINARY:
        verdict = "the published run is an ordinary lucky one, not a false one"
    elif share > 0:
        verdict = "the published run would be a rare one here"
    else:
        verdict = "no run here comes out as the published one"
    return (
        f"{share:.1%} of {row['seeds']:.0f} seeds have a test MAE below the published "
        f"{published:.4f} on these prices: {verdict}. Their mean is {row['mae']:.4f} (sd "
        f"{row['seed_sd']:.4f} between seeds; 95 % interval from other days {row['low']:.4f} to "
        f"{row['high']:.4f}, n = {row['n']:.0f}). {row['below_no_change']:.1%} are below no change "
        f"({scores.loc['no_change', 'mae']:.4f}), {row['below_train_mean']:.1%} below the train "
        f"mean ({scores.loc['train_mean', 'mae']:.4f})."
    )


def fit_sentence(scores: pd.DataFrame) -> str:
    """Whether the network does on the test rows what it does on the train rows."""
    network, constant = scores.loc["lstm"], scores.loc["train_mean"]
    skills = [1 - network[name] / constant[name] for name in ("train_mae", "mae")]
    if skills[0] <= 0:
        verdict = "it underfits: not even there does it beat a constant"
    elif skills[1] <= 0:
        verdict = "what it learned there does not carry over, as after overfitting or a shift"
    else:
        verdict = "there is no sign of under- or overfitting"
    return (
        f"With dropout off, the MAE of the LSTM as published is {network['train_mae']:.4f} on its "
        f"own train rows and {network['mae']:.4f} on the test rows (means of "
        f"{network['seeds']:.0f} seeds). The train mean has {constant['train_mae']:.4f} and "
        f"{constant['mae']:.4f}, so the LSTM's skill against it is {skills[0]:+.3f} and "
        f"{skills[1]:+.3f}: {verdict}."
    )


def sentences(scores: pd.DataFrame, means: pd.DataFrame) -> list[str]:
    """What each variant tells, paired by test days, and the mean forecast of all seeds.

    Args:
        scores: as `score` gives them.
        means: as `mean_forecasts` gives them for the same runs.
    """
    seeds = f"{scores.loc['lstm', 'seeds']:.0f} seeds"
    return [
        fit_sentence(scores),
        *(
            f"Mean of {seeds}: {skill_sentence(scores, name, baseline=baseline)}"
            for name, baseline in COMPARED
        ),
        *(
            f"The mean forecast of {seeds}: {skill_sentence(means, 'lstm', baseline=baseline)}"
            for baseline in ("no_change", "train_mean")
        ),
    ]
