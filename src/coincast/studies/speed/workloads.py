"""The two trainings that are timed, with the settings of their demos."""

from collections.abc import Callable
from dataclasses import dataclass

from coincast.datasets import features, windows
from coincast.datasets.windows import Windows
from coincast.prices.load import load_common, load_prices

__all__ = ["WORKLOADS", "Workload"]


@dataclass(frozen=True)
class Workload:
    """What is trained.

    Attributes:
        build: name of the builder in `coincast.models.networks`.
        epochs: passes over the train windows.
        batch_size: windows per step.
        optimizer: name of a Keras optimizer.
        loss: name of a Keras loss.
        members: how many models are timed against as many calls of `fit`.
        windows: () -> train and validation windows of the bundled prices.
        xla: whether XLA makes `fit` faster; it slows down TensorFlow's convolutions on a processor.
    """

    build: str
    epochs: int
    batch_size: int
    optimizer: str
    loss: str
    members: int
    windows: Callable[[], tuple[Windows, Windows]]
    xla: bool = False


def _ethereum() -> tuple[Windows, Windows]:
    prices = load_common(["bitcoin", "ethereum"], "", "2018-01-13")
    table = features.feature_table(prices)
    every = windows.make_windows(table, features.next_change(prices["ethereum"]), 4)
    train, test = windows.standardise(*windows.split(every, "2017-02-28", "2017-11-15"))
    return train, test


def _bitcoin() -> tuple[Windows, Windows]:
    prices = load_prices("bitcoin", "2014-11-28", "2017-08-23", venue="bitstamp")
    table = prices.filter(["open", "high", "low", "close"])
    every = windows.make_windows(table, features.rises(prices), 30)
    return windows.split_share(windows.normalise_each(every), 0.9)


WORKLOADS = {
    "ethereum": Workload("lstm", 21, 1, "adam", "mean_absolute_error", 26, _ethereum, xla=True),
    # The demo trained for 400 epochs; both sides are timed over 20.
    "bitcoin": Workload(
        "cnn_lstm", 20, 50, "nadam", "sparse_categorical_crossentropy", 24, _bitcoin
    ),
}
