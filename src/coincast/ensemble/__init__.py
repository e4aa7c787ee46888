"""Many copies of one Keras model, trained at once in one compiled program on Keras's JAX backend.

Everything is written for one member: its steps, its epochs, its rules. `vmap` makes it many, and
`shard_map` spreads the members over the devices.
"""

from coincast.ensemble.folds import forecast_folds, validate_folds
from coincast.ensemble.plan import Best, Plan, Plateau
from coincast.ensemble.train import train_members
from coincast.ensemble.trained import Ensemble, MemberWarning

__all__ = [
    "Best", "Ensemble", "MemberWarning", "Plan", "Plateau", "forecast_folds", "train_members",
    "validate_folds",
]  # fmt: skip
