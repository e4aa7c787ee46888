"""What a notebook's published results were made from: whether they are up to date, and why not.

A manifest is written last, when all that it speaks of is in place; so after a kill at any moment
there is either none, or an old one that no longer fits.
"""

import functools
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from coincast.files import sha256, write_atomically
from coincast.paths import DATA, PACKAGE
from coincast.records.parameters import read_parameters
from coincast.records.surroundings import VERSIONED
from coincast.records.used_code import code_cells, used_files
from coincast.runner.execution import STEADY
from coincast.runner.tasks import Task

__all__ = ["Manifest", "describe", "hash_outputs", "load", "readme_state", "save", "why_stale"]

Manifest = dict[str, Any]
# Also in the bytes of results, though no notebook names them.
BEHIND = ("jaxlib", "pillow", "seaborn")
MOST_NAMED = 3
PARTS = {
    "notebook": str,
    "parameters": dict,
    "data": dict,
    "code": dict,
    "versions": dict,
    "settings": dict,
    "outputs": dict,
    "seconds": float,
    "peak_gib": float,
    "gpus": list,
}


def describe(task: Task) -> Manifest:
    """Return what the results of a task depend on, as it is now.

    Returns:
        `notebook`, `parameters`, `data`, `code`, `versions` and `settings`; all but the second
        are hashes or versions by name.
    """
    source = task.source
    return {
        "notebook": hashlib.sha256(source.encode()).hexdigest(),
        "parameters": read_parameters(source, task.notebook) | dict(task.parameters),
        "data": {
            path.name: sha256(path)
            for path in sorted(DATA.iterdir())
            if path.suffix in (".gz", ".json")
        },
        "code": {
            path.relative_to(PACKAGE).as_posix(): sha256(path)
            for path in used_files(code_cells(source))
        },
        "versions": _versions(),
        "settings": STEADY,
    }


@functools.cache
def _versions() -> dict[str, str]:
    names = (*VERSIONED, *BEHIND)
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


def hash_outputs(made: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file that a task made."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}


def load(path: Path) -> Manifest | None:
    """Return a manifest; None where there is none, or it is damaged."""
    try:
        manifest = dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    whole = all(isinstance(manifest.get(part), kind) for part, kind in PARTS.items())
    return manifest if whole else None


def save(path: Path, manifest: Manifest) -> None:
    """Write a manifest.

    Raises:
        InputError: it cannot be written.
    """
    write_atomically(path, json.dumps(manifest, indent=2) + "\n")


def why_stale(was: Manifest | None, now: Manifest, out: Path) -> str:
    """Return in a few words why results are not up to date; empty when they are.

    Args:
        was: the manifest of the last run that succeeded.
        now: as `describe` gives it.
        out: the folder that holds the results.
    """
    if was is None:
        return "never run here"
    if now["parameters"].get("source", "bundled") != "bundled":
        return f"prices of source {now['parameters']['source']} may have changed"
    reasons = ["notebook changed"] if was["notebook"] != now["notebook"] else []
    reasons += _steps("parameter ", was["parameters"], now["parameters"])
    reasons += _listed("data changed: ", changed(was["data"], now["data"]))
    reasons += _listed("code changed: ", changed(was["code"], now["code"]))
    reasons += _steps("", was["versions"], now["versions"])
    reasons += _listed("setting changed: ", changed(was["settings"], now["settings"]))
    return "; ".join(reasons + _of_files(was["outputs"], out))


def readme_state(readme: Path, figs: Path) -> str:
    """Return a hash of a README and of all that its generated parts are made of."""
    code = used_files(["import coincast.readme"])
    digest = hashlib.sha256()
    for path in [readme, *sorted(figs.glob("*.json")), *code]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names that have another value now, or one only then or now.

    >>> changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    ['b', 'c']
    """
    return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))


def _steps(kind: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return each change as a step from value to value."""
    return [
        f"{kind}{name} {was.get(name, 'none')} -> {now.get(name, 'none')}"
        for name in changed(was, now)
    ]


def _listed(kind: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [kind + ", ".join(names[:MOST_NAMED]) + more]


def _of_files(outputs: Mapping[str, str], out: Path) -> list[str]:
    """Return which results are not as they were written."""
    missing = [name for name in outputs if not (out / name).is_file()]
    present: Iterable[str] = sorted(outputs.keys() - set(missing))
    other = [name for name in present if sha256(out / name) != outputs[name]]
    return _listed("missing: ", missing) + _listed("changed since it was made: ", other)
