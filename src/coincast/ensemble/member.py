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

__all__ = ["Member", "State", "forward", "train_member"]

Tree = Any  # arrays in tuples, lists and dicts
# Between epochs: trainable and other weights; the optimizer's variables; what the rules remember.
State = tuple[tuple[Weights, Weights], Weights, dict[str, Any]]
OUTPUT_AXES = 2  # (windows, outputs)


@dataclass(frozen=True)
class Member:
    """What the program is traced from.

    Attributes:
        model: its structure counts, its own weights do not.
        optimizer: likewise.
        plan: how it is trained.
        rate_place: which of the optimizer's variables is the learning rate; None if it follows
            a schedule.
    """

    model: keras.Model
    optimizer: keras.Optimizer
    plan: Plan
    rate_place: int | None


def forward(model: keras.Model, weights: tuple[Weights, Weights], inputs: Any) -> Any:  # noqa: ANN401
    """Return a model's outputs, as in use: nothing dropped, running means."""
    return model.stateless_call(*weights, inputs, training=False)[0]


def train_member(
    member: Member,
    state: State,
    orders: Any,  # noqa: ANN401
    dropout: Any,  # noqa: ANN401
    data: Mapping[str, tuple[Any, Any]],
) -> tuple[tuple[Weights, Weights], Any, dict[str, Any]]:
    """Return the final weights, if the member failed, and each epoch's figures.

    Args:
        member: what to train.
        state: before the first epoch.
        orders: (epochs, windows), which window comes when; None for the windows' own order.
        dropout: the member's own rate; None for that of the model's layers.
        data: "train", "val" and others -> inputs and targets.
    """
    with _dropout(member.model, dropout):
        epoch = partial(_epoch, member, data)
        (weights, _, marks), history = jax.lax.scan(epoch, state, orders, member.plan.epochs)
    if member.plan.best is not None:
        weights = marks["best"][1]
    return weights, marks["failed"], history


def _epoch(
    member: Member,
    data: Mapping[str, tuple[Any, Any]],
    state: State,
    order: Any,  # noqa: ANN401
) -> tuple[State, dict[str, Any]]:
    """Train once on every window, look at the figures, follow the rules."""
    weights, slots, marks = state
    figures, place = {}, member.rate_place
    if member.plan.plateau is not None and place is not None:
        figures["learning_rate"] = slots[place]
    (weights, slots), loss = _pass(member, data["train"], (weights, slots), order)
    figures["loss"] = loss
    for name, (inputs, targets) in data.items():
        if name != "train":
            found = _measure(member, weights, inputs, targets)
            figures |= {f"{name}_{figure}": value for figure, value in found.items()}
    after = _follow(member, (weights, slots, marks), figures)
    if member.plan.stop is None:
        return after, figures
    stopped = marks["stopped"]
    blank = {name: jnp.full_like(value, jnp.nan) for name, value in figures.items()}
    return rules.choose(stopped, state, after), rules.choose(stopped, blank, figures)


def _follow(member: Member, state: State, figures: Mapping[str, Any]) -> State:
    weights, slots, marks = state
    plan, marks = member.plan, dict(marks)
    marks["failed"] |= ~(jnp.isfinite(figures["loss"]) & jnp.isfinite(figures["val_loss"]))
    if plan.plateau is not None:
        figure, rate = figures[plan.plateau.monitor], figures["learning_rate"]
        marks["plateau"], rate = rules.follow_plateau(plan.plateau, marks["plateau"], figure, rate)
        slots = [rate if i == member.rate_place else slot for i, slot in enumerate(slots)]
    if plan.best is not None:
        figure = figures[plan.best.monitor]
        marks["best"] = rules.follow_best(plan.best, marks["best"], figure, weights)
    if plan.stop is not None:
        figure = figures[plan.stop.monitor]
        marks["stop"], marks["stopped"] = rules.follow_stop(plan.stop, marks["stop"], figure)
    return weights, slots, marks


def _pass(
    member: Member,
    data: tuple[Any, Any],
    state: Tree,
    order: Any,  # noqa: ANN401
) -> tuple[Tree, Any]:
    """Return the state after all batches, and the mean loss of their windows in training."""
    inputs, targets = data
    rows, size = len(targets), min(member.plan.batch_size, len(targets))
    full = rows // size
    order = jnp.arange(rows) if order is None else order
    step = _step(member, inputs, targets)
    state, losses = jax.lax.scan(step, state, order[: full * size].reshape(full, size))
    total = losses.sum() * size
    if rows % size:  # a smaller last batch, as `fit` has it
        state, loss = step(state, order[full * size :])
        total += loss * (rows % size)
    return state, total / rows


def _step(member: Member, inputs: Any, targets: Any) -> Callable[[Tree, Any], Any]:  # noqa: ANN401
    """Return the function that trains on one batch."""
    model, plan = member.model, member.plan

    def objective(trainable: Weights, others: Weights, x: Any, y: Any) -> Any:  # noqa: ANN401
        outputs, others, extra = model.stateless_call(
            trainable, others, x, training=True, return_losses=True
        )
        return _loss(plan, y, outputs) + sum(extra), others

    gradient = jax.value_and_grad(objective, has_aux=True)

    def step(state: Tree, chosen: Any) -> tuple[Tree, Any]:  # noqa: ANN401
        (trainable, others), slots = state
        (loss, others), slopes = gradient(trainable, others, inputs[chosen], targets[chosen])
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
    figures = {"loss": _loss(member.plan, targets, outputs) + sum(extra)}
    if member.plan.accuracy:
        several = outputs.shape[-1] > 1
        chosen = outputs.argmax(axis=-1) if several else outputs[:, 0] > 0.5  # noqa: PLR2004
        figures["accuracy"] = (chosen == targets).mean()
    return figures


def _loss(plan: Plan, targets: Any, outputs: Any) -> Any:  # noqa: ANN401
    if outputs.ndim == OUTPUT_AXES and outputs.shape[-1] == 1:
        targets = targets[:, None]
    return jnp.mean(keras.losses.get(plan.loss)(targets, outputs))


class _dropout:  # noqa: N801 - reads as a statement
    """Give every Dropout layer a member's own rate while its program is traced."""

    def __init__(self, model: keras.Model, rate: Any) -> None:  # noqa: ANN401
        self.layers = [] if rate is None else dropout_layers(model)
        self.rates = [layer.rate for layer in self.layers]
        self.rate = rate

    def __enter__(self) -> None:
        for layer in self.layers:
            layer.rate = _TracedRate(self.rate)

    def __exit__(self, *_: object) -> None:
        for layer, rate in zip(self.layers, self.rates, strict=True):
            layer.rate = rate


def dropout_layers(model: keras.Model) -> list[keras.layers.Dropout]:
    """Return the Dropout layers of a model, inner ones too."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dropout)]  # noqa: SLF001


@dataclass(frozen=True)
class _TracedRate:
    """A rate known only when the program runs, for code that asks `rate > 0` while it is traced."""

    value: Any

    def __gt__(self, other: float) -> bool:
        return True

    def __rsub__(self, other: float) -> Any:  # noqa: ANN401
        return other - self.value
