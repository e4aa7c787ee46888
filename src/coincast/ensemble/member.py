"""The training of one member, written for JAX to trace; nothing here knows of other members."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras

from coincast.ensemble import rules
from coincast.ensemble.plan import Plan, Weights

__all__ = ["Member", "State", "predict_member", "train_member"]

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
        orders: (epochs, windows), positions of the windows in the order of training; None for
            the windows' own order.
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
        after["plateau"], rate = rules.apply_plateau(plan.plateau, after["plateau"], metric, rate)
        slots = [rate if i == member.rate_index else slot for i, slot in enumerate(slots)]
    if plan.best is not None:
        metric = metrics[plan.best.monitor]
        after["best"] = rules.apply_best(plan.best, after["best"], metric, weights)
    if "stop" in after:
        after["stop"] = rules.apply_stop(after["stop"], weights)
    return weights, slots, after


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
    order = jnp.arange(rows) if order is None else order
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
