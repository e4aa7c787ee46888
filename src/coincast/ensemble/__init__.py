"""Many copies of one Keras model, trained at once in one compiled program on Keras's JAX backend.

Everything is written for one member: its steps, its epochs, its rules. `vmap` makes it many, and
`shard_map` spreads the members over the devices.
"""

from coincast.ensemble.folds import forecast_folds
from coincast.ensemble.plan import Plan, Plateau
from coincast.ensemble.train import Ensemble, MemberWarning, train_members

__all__ = ["Ensemble", "MemberWarning", "Plan", "Plateau", "forecast_folds", "train_members"]
