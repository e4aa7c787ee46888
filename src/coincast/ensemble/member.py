"""The training of one member, and the rules that look at it after each epoch, for JAX to trace.

Only `initial_state` knows of other members.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import numpy.typing as npt

from coincast.ensemble.plan import Plan, Plateau, Weights

__all__ = ["Member", "State", "initial_state", "predict_member", "train_member"]

Tree = Any  # arrays in tuples, lists and dicts
# Between epochs: trainable and other weights; the optimizer's variables; the state of the rules.
State = tuple[tuple[Weights, Weights], Weights, dict[str, Any]]
OUTPUT_AXES = 2  # (windows, outputs)


@dataclass(frozen=True)
class Member:
    """What is traced.

    Attributes:
        model: only its structure matters, not its weights.
        optimizer: likewise.
        plan: how it is trained.
        rate_index: position of the learning rate in the optimizer's variables; None if the
            optimizer follows a schedule.
    """

    model: keras.Model
    optimizer: keras.Optimizer
    plan: Plan
    rate_index: int | None


def predict_member(model: keras.Model, weights: tuple[Weights, Weights], inputs: Any) -> Any:  # noqa: ANN401
    """Return the outputs of a model in inference mode."""
    return model.stateless_call(*weights, inputs, training=False)[0]


def initial_state(
    plan: Plan,
    weights: Any,  # noqa: ANN401 - a tree
    members: int,
    stop_after: npt.NDArray[np.int32] | None = None,
) -> dict[str, Any]:
    """Return the state of the plan's rules before the first epoch.

    Args:
        plan: says which rules there are.
        weights: initial weights, each with a first axis of members.
        members: how many.
        stop_after: (members,), the epoch whose weights each member keeps, counted from 1.

    Returns:
        Arrays with a first axis of members.
    """
    state: dict[str, Any] = {"failed": np.zeros(members, bool)}
    if plan.plateau is not None:
        waited = np.zeros(members, np.int32)
        state["plateau"] = (_worst(plan.plateau.monitor, members), waited)
    if plan.keep_best:
        state["best"] = (_worst("val_loss", members), weights)
    if stop_after is not None:
        state["stop"] = (stop_after, weights)
    return state


def train_member(
    member: Member,
    state: State,
    orders: Any,  # noqa: ANN401
    data: Mapping[str, tuple[Any, Any]],
) -> tuple[tuple[Weights, Weights], Any, dict[str, Any]]:
    """Return the final weights, whether the member failed, and the metrics of each epoch.

    Args:
        member: what to train.
        state: before the first epoch.
        orders: (epochs, windows), positions of the windows in the order of training.
        data: "train", "val" and others -> inputs and targets.
    """
    epoch = partial(_epoch, member, data)
    (weights, _, rule_states), history = jax.lax.scan(epoch, state, orders, member.plan.epochs)
    for rule in ("best", "stop"):
        if rule in rule_states:
            weights = rule_states[rule][1]
    return weights, rule_states["failed"], history


def _epoch(
    member: Member,
    data: Mapping[str, tuple[Any, Any]],
    state: State,
    order: Any,  # noqa: ANN401
) -> tuple[State, dict[str, Any]]:
    """Train once on every window, measure, apply the rules."""
    weights, slots, rule_states = state
    metrics = {}
    if member.plan.plateau is not None and member.rate_index is not None:
        metrics["learning_rate"] = slots[member.rate_index]
    (weights, slots), loss = _train_pass(member, data["train"], (weights, slots), order)
    metrics["loss"] = loss
    for name, (inputs, targets) in data.items():
        if name != "train":
            found = _measure(member, weights, inputs, targets)
            metrics |= {f"{name}_{metric}": value for metric, value in found.items()}
    return _apply_rules(member, (weights, slots, rule_states), metrics), metrics


def _apply_rules(member: Member, state: State, metrics: Mapping[str, Any]) -> State:
    weights, slots, rule_states = state
    plan, after = member.plan, dict(rule_states)
    after["failed"] |= ~(jnp.isfinite(metrics["loss"]) & jnp.isfinite(metrics["val_loss"]))
    if plan.plateau is not None:
        metric, rate = metrics[plan.plateau.monitor], metrics["learning_rate"]
        after["plateau"], rate = _apply_plateau(plan.plateau, after["plateau"], metric, rate)
        slots = [rate if i == member.rate_index else slot for i, slot in enumerate(slots)]
    if plan.keep_best:
        after["best"] = _apply_best(after["best"], metrics["val_loss"], weights)
    if "stop" in after:
        after["stop"] = _apply_stop(after["stop"], weights)
    return weights, slots, after


def _apply_plateau(rule: Plateau, state: Any, metric: Any, rate: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the rule's state and the learning rate after an epoch."""
    best, waited = state
    improved = _is_better(rule.monitor, metric, best, rule.min_delta)
    waited = jnp.where(improved, 0, waited + 1)
    falls = (waited >= rule.patience) & (rate > rule.minimum)
    lower = jnp.maximum(rate * rule.factor, rule.minimum).astype(rate.dtype)
    state = (jnp.where(improved, metric, best), jnp.where(falls, 0, waited))
    return state, jnp.where(falls, lower, rate)


def _apply_best(state: Any, metric: Any, weights: Any) -> Any:  # noqa: ANN401
    """Return the best metric so far and the weights that gave it."""
    improved = _is_better("val_loss", metric, state[0], 0.0)
    return jax.tree.map(lambda new, old: jnp.where(improved, new, old), (metric, weights), state)


def _apply_stop(state: Any, weights: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the epochs left until the member's own last one, and the weights that it keeps."""
    left, kept = state[0] - 1, state[1]
    return left, jax.tree.map(lambda new, old: jnp.where(left == 0, new, old), weights, kept)


def _is_better(monitor: str, metric: Any, best: Any, min_delta: float) -> Any:  # noqa: ANN401
    if monitor == "val_accuracy":
        return metric > best + min_delta
    return metric < best - min_delta


def _worst(monitor: str, members: int) -> npt.NDArray[np.float32]:
    return np.full(members, -np.inf if monitor == "val_accuracy" else np.inf, np.float32)


def _train_pass(
    member: Member,
    data: tuple[Any, Any],
    state: Tree,
    order: Any,  # noqa: ANN401
) -> tuple[Tree, Any]:
    """Return the state after all batches, and the mean training loss of their windows."""
    inputs, targets = data
    rows, size = len(targets), min(member.plan.batch_size, len(targets))
    full = rows // size
    step = _make_step(member, inputs, targets)
    state, losses = jax.lax.scan(step, state, order[: full * size].reshape(full, size))
    total = losses.sum() * size
    if rows % size:  # a smaller last batch, as in `fit`
        state, loss = step(state, order[full * size :])
        total += loss * (rows % size)
    return state, total / rows


def _make_step(member: Member, inputs: Any, targets: Any) -> Callable[[Tree, Any], Any]:  # noqa: ANN401
    """Return the function that trains on one batch."""
    model, plan = member.model, member.plan

    def objective(trainable: Weights, others: Weights, x: Any, y: Any) -> Any:  # noqa: ANN401
        outputs, others, extra = model.stateless_call(
            trainable, others, x, training=True, return_losses=True
        )
        return _loss(plan, y, outputs) + sum(extra), others

    gradient = jax.value_and_grad(objective, has_aux=True)

    def step(state: Tree, batch: Any) -> tuple[Tree, Any]:  # noqa: ANN401
        (trainable, others), slots = state
        (loss, others), slopes = gradient(trainable, others, inputs[batch], targets[batch])
        trainable, slots = member.optimizer.stateless_apply(slots, slopes, trainable)
        return ((trainable, others), slots), loss

    return step


def _measure(
    member: Member,
    weights: tuple[Weights, Weights],
    inputs: Any,  # noqa: ANN401
    targets: Any,  # noqa: ANN401
) -> dict[str, Any]:
    outputs, _, extra = member.model.stateless_call(
        *weights, inputs, training=False, return_losses=True
    )
    metrics = {"loss": _loss(member.plan, targets, outputs) + sum(extra)}
    if member.plan.accuracy:
        several = outputs.shape[-1] > 1
        chosen = outputs.argmax(axis=-1) if several else outputs[:, 0] > 0.5  # noqa: PLR2004
        metrics["accuracy"] = (chosen == targets).mean()
    return metrics


def _loss(plan: Plan, targets: Any, outputs: Any) -> Any:  # noqa: ANN401
    if outputs.ndim == OUTPUT_AXES and outputs.shape[-1] == 1:
        targets = targets[:, None]
    return jnp.mean(keras.losses.get(plan.loss)(targets, outputs))
