"""Rules that look at one member after each epoch; each is its state and what it does to it."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from coincast.ensemble.plan import Best, Plan, Plateau, Stop

__all__ = ["begin", "choose", "follow_best", "follow_plateau", "follow_stop"]

State = dict[str, Any]


def begin(plan: Plan, weights: Any, members: int) -> State:  # noqa: ANN401 - a tree of arrays
    """Return the rules' state before the first epoch, each array with a first axis of members.

    Args:
        plan: says which rules there are.
        weights: the members' first ones.
        members: how many.
    """
    no, zero = np.zeros(members, bool), np.zeros(members, np.int32)
    state: State = {"stopped": no, "failed": no}
    if plan.plateau is not None:
        state["plateau"] = (_worst(plan.plateau.monitor, members), zero)
    if plan.stop is not None:
        state["stop"] = (_worst(plan.stop.monitor, members), zero)
    if plan.best is not None:
        state["best"] = (_worst(plan.best.monitor, members), weights)
    return state


def follow_plateau(rule: Plateau, state: Any, figure: Any, rate: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the rule's state and the learning rate after an epoch with this figure."""
    best, waited = state
    improved = _better(rule.monitor, figure, best, rule.min_delta)
    waited = jnp.where(improved, 0, waited + 1)
    falls = (waited >= rule.patience) & (rate > rule.minimum)
    lower = jnp.maximum(rate * rule.factor, rule.minimum).astype(rate.dtype)
    state = (jnp.where(improved, figure, best), jnp.where(falls, 0, waited))
    return state, jnp.where(falls, lower, rate)


def follow_stop(rule: Stop, state: Any, figure: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the rule's state and whether the member stops after this epoch."""
    best, waited = state
    improved = _better(rule.monitor, figure, best)
    waited = jnp.where(improved, 0, waited + 1)
    return (jnp.where(improved, figure, best), waited), waited >= rule.patience


def follow_best(rule: Best, state: Any, figure: Any, weights: Any) -> Any:  # noqa: ANN401
    """Return the best figure so far and the weights that gave it."""
    best, kept = state
    improved = _better(rule.monitor, figure, best)
    return choose(improved, (figure, weights), (best, kept))


def choose(condition: Any, yes: Any, no: Any) -> Any:  # noqa: ANN401
    """Return one of two trees of arrays, by a condition that is known when the program runs."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def _better(monitor: str, figure: Any, best: Any, min_delta: float = 0.0) -> Any:  # noqa: ANN401
    if monitor == "val_accuracy":
        return figure > best + min_delta
    return figure < best - min_delta


def _worst(monitor: str, members: int) -> npt.NDArray[np.float32]:
    return np.full(members, -np.inf if monitor == "val_accuracy" else np.inf, np.float32)
