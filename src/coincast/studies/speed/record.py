"""A whole measurement on one machine, kept in a file: timings never repeat, figures must."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import write_atomically
from coincast.paths import PACKAGE, SPEED
from coincast.records.machine import summary
from coincast.studies.speed.studies import STUDIES
from coincast.studies.speed.timing import measure

__all__ = ["SIZES", "collect", "load_record", "record_sentence", "save_record"]

SIZES = (1, 3, 10, 26, 100, 250, 1000)
TUNED_FITS = 3
Record = dict[str, Any]


def collect(fits: int, sizes: Sequence[int] = SIZES, tell: Callable[[str], Any] = print) -> Record:
    """Time everything on this machine now.

    Args:
        fits: calls of `fit` to time for each study; 0 for one for each member.
        sizes: numbers of Ethereum LSTMs to time in one program.
        tell: called with a line before each timing.

    Returns:
        `runs`, each as `measure` gives it, the program of each study before and after its fits,
        and where and when they ran.
    """
    runs = []
    for name, study in STUDIES.items():
        wanted = min(fits or study.members, study.members)
        for side, members in (
            ("program", study.members),
            ("fit", wanted),
            ("fit_tuned", min(wanted, TUNED_FITS)),
            ("program", study.members),
        ):
            tell(f"{side} of {members} {name} models; load {_load()}")
            runs.append(measure(side, name, members))
    for members in sizes:
        tell(f"program of {members} ethereum models; load {_load()}")
        runs.append(measure("program", "ethereum", members))
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "machine": _machine(),
        "versions": {name: metadata.version(name) for name in ("tensorflow", "jax", "keras")},
        "code": _code(),
        "runs": runs,
    }


def save_record(record: Record, path: Path = SPEED) -> None:
    """Write a measurement.

    Raises:
        InputError: the file cannot be written.
    """
    write_atomically(path, json.dumps(record, indent=1) + "\n")


def load_record(path: Path = SPEED) -> Record:
    """Return the committed measurement.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {path.name}: {error}; `scripts/benchmark.py training --record` makes it"
        ) from error


def record_sentence(record: Record) -> str:
    """Return where and when a measurement was made, and if the ensemble has changed since."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    changed = "" if record["code"] == _code() else " The ensemble's code has changed since."
    return f"Measured on {record['date']} on {record['machine']} with {versions}.{changed}"


def _code() -> str:
    digest = hashlib.sha256()
    parts = [PACKAGE / "models" / "backend.py", PACKAGE / "models" / "networks.py"]
    for path in [*sorted((PACKAGE / "ensemble").glob("*.py")), *parts]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _machine() -> str:
    found = summary()
    parts = [f"{found['cores']} cores", *found["gpus"]]
    return ", ".join([*parts, f"{found['system']} {found['architecture']}"])


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
