"""Results -> matplotlib figures. Nothing here loads, trains or chooses anything."""

from coincast.figures.cells import cell_losses, lstm_gates, seven_steps, vanishing_gradient
from coincast.figures.classification import confusion_matrix, model_accuracy, model_loss
from coincast.figures.ensembles import best_epoch, seeds
from coincast.figures.forecasts import loss, mae, prediction
from coincast.figures.networks import network
from coincast.figures.prices import feature_rows, price, training, venues, volume
from coincast.figures.sweeps import comparison

__all__ = [
    "best_epoch",
    "cell_losses",
    "comparison",
    "confusion_matrix",
    "feature_rows",
    "loss",
    "lstm_gates",
    "mae",
    "model_accuracy",
    "model_loss",
    "network",
    "prediction",
    "price",
    "seeds",
    "seven_steps",
    "training",
    "vanishing_gradient",
    "venues",
    "volume",
]
