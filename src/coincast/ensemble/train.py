"""Training many members: checks first, then chunk after chunk through one compiled program."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from tqdm import tqdm

from coincast.ensemble.checkpoint import identity, load_chunk, save_chunk
from coincast.ensemble.data import Data, Given, bad_members, gather
from coincast.ensemble.member import dropout_layers
from coincast.ensemble.plan import Build, FloatArray, Plan
from coincast.ensemble.program import Program, device_count, make_program
from coincast.ensemble.trained import Ensemble, MemberWarning, chunks, describe
from coincast.errors import InputError

__all__ = ["train_members"]

# Keys of a Keras configuration that hold names that Keras made up.
NAMES = {"name", "inbound_nodes", "input_layers", "output_layers"}
# Members at once, unless told: what those on a core work on fits its cache; a GPU wants more.
ON_A_CORE, ON_A_GPU = 25, 256


def train_members(  # noqa: PLR0913 - each is a choice that a study has to make
    build: Build,
    train: Given,
    validation: Given,
    plan: Plan,
    seeds: Sequence[int],
    *,
    watch: Mapping[str, Given] | None = None,
    learning_rate: Sequence[float] | None = None,
    dropout: Sequence[float] | None = None,
    chunk: int | None = None,
    progress: Path | None = None,
) -> Ensemble:
    """Train one member a seed, many at once.

    Args:
        build: (lags, features) -> uncompiled model.
        train: what the weights are fitted to, scaled; windows for all members, or one for each.
        validation: what `val_loss` is measured on after each epoch and rules look at; likewise.
        plan: settings and rules.
        seeds: of initial weights, order of the windows and dropout, one a member.
        watch: name -> further windows to measure after each epoch; no rule looks at them.
        learning_rate: one a member, instead of the optimizer's.
        dropout: one a member, 0 to below 1, instead of that of the model's Dropout layers.
        chunk: members trained at once; bounds the memory. 25 a processor core, or 256 a GPU, if
            not given.
        progress: folder to keep finished chunks in and to resume from; None for none.

    Returns:
        The members. A seed gives the same member whatever the others are, to rounding.

    Raises:
        InputError: the backend is not JAX, no seeds, windows that do not fit, or a model that
            cannot be traced.

    Warns:
        MemberWarning: members whose data or loss is no number; the others are trained.
    """
    _check_backend()
    if not len(seeds):
        raise InputError("an ensemble of no seeds has nothing to train; give at least one")
    if chunk is None:
        chunk = device_count() * (ON_A_CORE if jax.default_backend() == "cpu" else ON_A_GPU)
    if chunk < 1:
        raise InputError(f"chunk is {chunk}; use 1 or more")
    data = gather({"train": train, "val": validation} | dict(watch or {}), len(seeds))
    program = make_program(build, data.shape, plan)
    own = _own_settings(program, {"learning_rate": learning_rate, "dropout": dropout}, len(seeds))
    positions = chunks(len(seeds), chunk)
    run = "" if progress is None else _identity(program, plan, data, seeds, own, positions)
    parts = []
    bar = tqdm(positions, desc="members", unit="chunk", file=sys.stdout, disable=len(positions) < 2)  # noqa: PLR2004
    for number, members in enumerate(bar):
        path = None if progress is None else progress / f"chunk_{number:04d}.npz"
        done = None if path is None else load_chunk(path, run)
        if done is None:
            done = _train_chunk(program, data, seeds, own, members)
            if path is not None and jax.process_index() == 0:
                save_chunk(path, run, done)
        parts.append(done)
    merged = {name: np.concatenate([p[name] for p in parts])[: len(seeds)] for name in parts[0]}
    return _ensemble(program, data, seeds, own, merged)


def _check_backend() -> None:
    if keras.backend.backend() != "jax":
        raise InputError(
            f"ensembles need Keras's JAX backend, but this process has "
            f"{keras.backend.backend()!r}; set the environment variable KERAS_BACKEND=jax before "
            "anything imports keras"
        )


def _own_settings(
    program: Program, given: Mapping[str, Sequence[float] | None], members: int
) -> dict[str, FloatArray]:
    """Return the members' own settings as arrays, after a look at whether they can be used."""
    own = {name: np.asarray(v, np.float64) for name, v in given.items() if v is not None}
    for name, values in own.items():
        if values.shape != (members,):
            raise InputError(f"{values.size} values of {name} for {members} seeds; give one a seed")
    if not (own.get("learning_rate", np.ones(1)) > 0).all():
        raise InputError("every learning_rate must be above 0")
    rates = own.get("dropout", np.zeros(1))
    if not ((rates >= 0) & (rates < 1)).all():
        raise InputError("every dropout must be at least 0 and below 1")
    if "dropout" in own and not dropout_layers(program.model):
        raise InputError(
            f"model {program.model.name!r} has no Dropout layer to give a member's own rate to; "
            "put the rate into the builder instead"
        )
    plateau = program.member.plan.plateau is not None
    if ("learning_rate" in own or plateau) and program.member.rate_place is None:
        raise InputError(
            "an optimizer that follows a schedule has no learning rate to set; give it a number"
        )
    return own


def _train_chunk(
    program: Program,
    data: Data,
    seeds: Sequence[int],
    own: Mapping[str, FloatArray],
    members: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return the results of some members by name, each with a first axis of members."""
    chosen = [seeds[i] for i in members]
    mine = {name: values[members].astype(np.float32) for name, values in own.items()}
    weights, failed, history = program.train(chosen, mine, data.of(members), data.shared)
    named = {f"weights_{i}": values for i, values in enumerate(weights)}
    return named | {"failed": failed} | {f"history_{k}": v for k, v in history.items()}


def _ensemble(
    program: Program,
    data: Data,
    seeds: Sequence[int],
    own: Mapping[str, FloatArray],
    merged: Mapping[str, np.ndarray],
) -> Ensemble:
    failures = bad_members(data)
    history = {
        name.removeprefix("history_"): values.astype(np.float64)
        for name, values in merged.items()
        if name.startswith("history_")
    }
    for member in np.flatnonzero(merged["failed"]):
        broken = ~np.isfinite(history["loss"] + history["val_loss"])[member]
        why = f"its loss is no number from epoch {1 + int(broken.argmax())} on"
        failures.setdefault(int(member), why)
    if failures:
        warnings.warn(describe(failures, seeds), MemberWarning, stacklevel=3)
    weights = [merged[f"weights_{i}"] for i in range(len(program.model.variables))]
    return Ensemble(tuple(seeds), history, failures, weights, own, program)


def _identity(
    program: Program,
    plan: Plan,
    data: Data,
    seeds: Sequence[int],
    own: Mapping[str, FloatArray],
    positions: Sequence[np.ndarray],
) -> str:
    settings: dict[str, Any] = {
        "model": _nameless(program.model.get_config()),
        "variables": [list(variable.shape) for variable in program.model.variables],
        "plan": _nameless(plan.settings()),
        "seeds": list(map(int, seeds)),
        "chunks": list(map(len, positions)),
        "versions": [keras.__version__, jax.__version__, jax.default_backend()],
    }
    arrays: dict[str, np.ndarray] = {f"own {name}": values for name, values in own.items()}
    for name, part in data.parts.items():
        arrays |= {f"{name} inputs": part.inputs, f"{name} targets": part.targets}
    return identity(settings, arrays)


def _nameless(settings: Any) -> Any:  # noqa: ANN401
    """Return a configuration without names, which count what a process made before."""
    if isinstance(settings, Mapping):
        return {k: _nameless(v) for k, v in settings.items() if k not in NAMES}
    if isinstance(settings, list | tuple):
        return [_nameless(value) for value in settings]
    return settings
