"""What a notebook's published results were made from: whether they are up to date, and why not.

A manifest is written last, when everything that it describes is in place. After a kill at any
moment there is either none, or an old one that no longer fits.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from coincast.errors import shown
from coincast.files import sha256
from coincast.paths import NOTEBOOKS
from coincast.records import machine, results, used_code
from coincast.records.parameters import read_parameters, without_passwords
from coincast.records.plain_json import parse_json
from coincast.runner.execution import DETERMINISTIC_ENV, Result, Task

__all__ = ["Manifest", "changed", "describe", "load", "why_stale", "with_result"]

Manifest = dict[str, Any]
INDIRECT_LIBRARIES = ("jaxlib", "pillow", "seaborn")  # results depend on them, too
MOST_NAMED = 3
FIELDS = {
    "notebook": str,
    "parameters": dict,
    "data": dict,
    "code": dict,
    "versions": dict,
    "settings": dict,
    "reads": dict,
    "outputs": dict,
    "seconds": float,
    "peak_gib": float,
    "gpus": list,
}


def describe(task: Task) -> Manifest:
    """What the results of a task depend on, as it is now.

    Returns:
        `notebook`, `parameters`, `data`, `code`, `versions`, `settings` and `reads`; all but the
        second are hashes or versions by name.
    """
    parameters = read_parameters(task.source, task.notebook) | dict(task.parameters)
    price_source = parameters.get("source", "bundled")
    return {
        "notebook": used_code.notebook_hash(task.source),
        "parameters": without_passwords(parameters),
        "data": used_code.used_data(task.source, price_source) | _named_files(parameters, ".csv"),
        "code": used_code.used_code(task.source, price_source) | _named_files(parameters, ".py"),
        "versions": _versions(),
        "settings": DETERMINISTIC_ENV,
        "reads": {name: results.values_hash(text, name) for name, text in task.reads.items()},
    }


def _named_files(parameters: Mapping[str, Any], suffix: str) -> dict[str, str]:
    """Hash of each file of a kind that parameters name, alone, in a list or as "path:name".

    A JSON file of the same name counts too: a series has its description there.
    """
    lists = [value if isinstance(value, list) else [value] for value in parameters.values()]
    texts = [text for values in lists for text in values if isinstance(text, str)]
    names = [name for text in texts for name in (text, text.rpartition(":")[0])]
    files = [NOTEBOOKS / name for name in names if name.lower().endswith(suffix)]
    beside = [file.with_suffix(".json") for file in files]
    return {str(path): sha256(path) for path in [*files, *beside] if path.is_file()}


@functools.cache
def _versions() -> dict[str, str]:
    return machine.versions(*machine.LIBRARIES, *INDIRECT_LIBRARIES)


def with_result(manifest: Manifest, result: Result) -> Manifest:
    """The manifest with the hash of each file that a task made, and what the task took."""
    return manifest | {
        "outputs": {name: hashlib.sha256(made).hexdigest() for name, made in result.made.items()},
        "seconds": result.seconds,
        "peak_gib": result.peak_gib,
        "gpus": result.gpus,
    }


def load(path: Path) -> Manifest | None:
    """A saved manifest; None if there is none, or it is damaged."""
    try:
        manifest = dict(parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    complete = all(isinstance(manifest.get(name), kind) for name, kind in FIELDS.items())
    return manifest if complete else None


def why_stale(last: Manifest | None, now: Manifest, path_of: Callable[[str], Path]) -> str:
    """Why results are not up to date, in a few words; "" if they are.

    Args:
        last: the manifest of the last run that succeeded.
        now: as `describe` gives it.
        path_of: file name of a result -> where it is kept.
    """
    if last is None:
        return "never run here"
    if now["parameters"].get("source", "bundled") != "bundled":
        return f"prices of source {now['parameters']['source']} may have changed"
    missing = [name for name in last["outputs"] if not path_of(name).is_file()]
    present = sorted(last["outputs"].keys() - set(missing))
    edited = [name for name in present if sha256(path_of(name)) != last["outputs"][name]]
    reasons = [
        "notebook changed" if last["notebook"] != now["notebook"] else "",
        *_steps("parameter ", last["parameters"], now["parameters"], shown),
        _named("data changed: ", changed(last["data"], now["data"])),
        _named("code changed: ", changed(last["code"], now["code"])),
        *_steps("", last["versions"], now["versions"]),
        _named("setting changed: ", changed(last["settings"], now["settings"])),
        _named("other values recorded by ", changed(last["reads"], now["reads"])),
        _named("missing: ", missing),
        _named("changed since it was made: ", edited),
    ]
    return "; ".join(filter(None, reasons))


def changed(last: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names whose value is another now, or that are only in one of the two.

    >>> changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4})
    ['b', 'c']
    """
    return sorted(name for name in last.keys() | now.keys() if last.get(name) != now.get(name))


def _steps(
    kind: str,
    last: Mapping[str, Any],
    now: Mapping[str, Any],
    form: Callable[[object], str] = str,
) -> list[str]:
    """Each change as a step from value to value."""
    values = [
        (name, [form(of[name]) if name in of else "none" for of in (last, now)])
        for name in changed(last, now)
    ]
    return [f"{kind}{name} {old} -> {new}" for name, (old, new) in values]


def _named(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return kind + ", ".join(names[:MOST_NAMED]) + more
