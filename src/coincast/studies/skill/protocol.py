"""Which days are trained on and which are tested, for every series of prices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from coincast.datasets.windows import Windows
from coincast.evaluation.walk_forward import Fold, folds
from coincast.studies.skill.tasks import task_windows

__all__ = ["Protocol"]


@dataclass(frozen=True)
class Protocol:
    """The folds of every series, for any task.

    Attributes:
        tables: series -> features, as `coin_table` or `close_table` gives them.
        test_starts: series -> first day that a test window may end on.
        refit_days: series -> days between origins.
        lags: days in a window.
        train_days: windows to train on where the origin rolls.
        validation_share: last fraction of the train windows.
        latest: folds to keep per series, the last ones; None for all.
    """

    tables: Mapping[str, pd.DataFrame]
    test_starts: Mapping[str, str]
    refit_days: Mapping[str, int]
    lags: int
    train_days: int
    validation_share: float
    latest: int | None = None

    def folds(
        self, task: str, *, rolling: bool, change: Callable[[Windows], Windows] = lambda same: same
    ) -> dict[str, list[Fold]]:
        """Series -> folds.

        Args:
            task: what is forecast.
            rolling: train on the last `train_days` windows, instead of on all earlier ones.
            change: of all windows of a series, before they are cut into folds.
        """
        made = {
            series: folds(
                change(task_windows(table, task, self.lags)),
                test_start=self.test_starts[series],
                refit_days=self.refit_days[series],
                train_days=self.train_days if rolling else None,
                validation_share=self.validation_share,
            )
            for series, table in self.tables.items()
        }
        return {series: every[-(self.latest or 0) :] for series, every in made.items()}

    def fold_table(self) -> pd.DataFrame:
        """One row per series: folds, test days, and the first and last of them."""
        rows = {
            series: {
                "folds": len(every),
                "test_days": sum(len(fold.test) for fold in every),
                "first": f"{every[0].test.target_dates[0]:%Y-%m-%d}",
                "last": f"{every[-1].test.target_dates[-1]:%Y-%m-%d}",
                "refit_days": self.refit_days[series],
            }
            for series, every in self.folds("change", rolling=True).items()
        }
        return pd.DataFrame(rows).T
