"""A whole measurement on one machine, kept in a file: timings never repeat, figures must."""

import datetime as dt
import json
import os
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import write_atomically
from coincast.paths import SPEED
from coincast.records.machine import summary
from coincast.studies.speed.timing import WORKLOADS, Run, measure

__all__ = ["SIZES", "collect", "load", "origin_sentence", "save"]

SIZES = (1, 3, 10, 26, 100, 250, 1000)
FEW_FITS = 3  # of the tuned fits, and of fits in the notebooks' numeric environment
Measurement = dict[str, Any]


def collect(
    fits: int, sizes: Sequence[int] = SIZES, tell: Callable[[str], Any] = print
) -> Measurement:
    """Time everything on this machine now.

    Args:
        fits: calls of `fit` to time for each workload; 0: as many as it has members.
        sizes: numbers of Ethereum LSTMs to time in one program.
        tell: called with a line before each timing.

    Returns:
        `runs`, each as `measure` gives it, the program of each workload before and after its
        fits; `portable_runs`, the same in the notebooks' numeric environment, with a few fits;
        `date`, `machine` and `versions`.
    """
    full: list[tuple[str, str, int]] = []
    portable: list[tuple[str, str, int]] = []
    for name, workload in WORKLOADS.items():
        wanted = min(fits or workload.members, workload.members)
        few = min(wanted, FEW_FITS)
        program = ("program", name, workload.members)
        full += [program, ("fit", name, wanted), ("fit_tuned", name, few), program]
        portable += [program, ("fit", name, few), ("fit_tuned", name, few), program]
    full += [("program", "ethereum", members) for members in sizes]
    runs = {
        kind: [_measure(*timing, tell, portable=kind == "portable_runs") for timing in timings]
        for kind, timings in (("runs", full), ("portable_runs", portable))
    }
    machine = summary()
    parts = [f"{machine['cores']} cores", *machine["gpus"]]
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "machine": ", ".join([*parts, f"{machine['system']} {machine['architecture']}"]),
        "versions": {name: metadata.version(name) for name in ("tensorflow", "jax", "keras")},
        **runs,
    }


def _measure(
    side: str, workload: str, members: int, tell: Callable[[str], Any], *, portable: bool
) -> Run:
    busy = f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
    tell(f"{side} of {members} {workload} models{', portable' * portable}; load {busy}")
    return measure(side, workload, members, portable=portable)


def save(measurement: Measurement, path: Path = SPEED) -> None:
    """Write a measurement.

    Raises:
        InputError: the file cannot be written.
    """
    write_atomically(path, json.dumps(measurement, indent=1) + "\n")


def load(path: Path = SPEED) -> Measurement:
    """Return the committed measurement.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {path.name}: {error}; make it by `scripts/benchmark.py training --record`"
        ) from error


def origin_sentence(measurement: Measurement) -> str:
    """Return where, when and with which versions a measurement was made."""
    versions = ", ".join(f"{name} {version}" for name, version in measurement["versions"].items())
    return f"Measured on {measurement['date']} on {measurement['machine']} with {versions}."
