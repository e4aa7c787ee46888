"""Results -> matplotlib figures. Nothing here loads, trains or chooses anything."""

from coincast.figures.forecasts import loss, mae, prediction
from coincast.figures.networks import network
from coincast.figures.prices import feature_rows, price, training, venues, volume

__all__ = [
    "feature_rows",
    "loss",
    "mae",
    "network",
    "prediction",
    "price",
    "training",
    "venues",
    "volume",
]
