"""Rules that look at one member after each epoch, as functions of their state."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from coincast.ensemble.plan import Best, Plan, Plateau

__all__ = ["apply_best", "apply_plateau", "apply_stop", "initial_state"]

State = dict[str, Any]


def initial_state(
    plan: Plan,
    weights: Any,  # noqa: ANN401 - a tree
    members: int,
    stop_after: npt.NDArray[np.int32] | None = None,
) -> State:
    """Return the state of the plan's rules before the first epoch.

    Args:
        plan: says which rules there are.
        weights: initial weights, each with a first axis of members.
        members: how many.
        stop_after: (members,), the epoch whose weights each member keeps, counted from 1.

    Returns:
        Arrays with a first axis of members.
    """
    state: State = {"failed": np.zeros(members, bool)}
    if plan.plateau is not None:
        waited = np.zeros(members, np.int32)
        state["plateau"] = (_worst(plan.plateau.monitor, members), waited)
    if plan.best is not None:
        state["best"] = (_worst(plan.best.monitor, members), weights)
    if stop_after is not None:
        state["stop"] = (stop_after, weights)
    return state


def apply_plateau(rule: Plateau, state: Any, metric: Any, rate: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the rule's state and the learning rate after an epoch."""
    best, waited = state
    improved = _is_better(rule.monitor, metric, best, rule.min_delta)
    waited = jnp.where(improved, 0, waited + 1)
    falls = (waited >= rule.patience) & (rate > rule.minimum)
    lower = jnp.maximum(rate * rule.factor, rule.minimum).astype(rate.dtype)
    state = (jnp.where(improved, metric, best), jnp.where(falls, 0, waited))
    return state, jnp.where(falls, lower, rate)


def apply_best(rule: Best, state: Any, metric: Any, weights: Any) -> Any:  # noqa: ANN401
    """Return the best metric so far and the weights that gave it."""
    improved = _is_better(rule.monitor, metric, state[0])
    return jax.tree.map(lambda new, old: jnp.where(improved, new, old), (metric, weights), state)


def apply_stop(state: Any, weights: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the epochs left until the member's own last one, and the weights that it keeps."""
    left, kept = state[0] - 1, state[1]
    return left, jax.tree.map(lambda new, old: jnp.where(left == 0, new, old), weights, kept)


def _is_better(monitor: str, metric: Any, best: Any, min_delta: float = 0.0) -> Any:  # noqa: ANN401
    if monitor == "val_accuracy":
        return metric > best + min_delta
    return metric < best - min_delta


def _worst(monitor: str, members: int) -> npt.NDArray[np.float32]:
    return np.full(members, -np.inf if monitor == "val_accuracy" else np.inf, np.float32)
