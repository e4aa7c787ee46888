"""Running the notebooks: which, with what parameters, and publishing what they made."""

import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincast.errors import InputError, PriceError
from coincast.files import write_atomically
from coincast.paths import BUILD, NOTEBOOKS
from coincast.results import OUTPUT_VARIABLE, notebook_parameters

__all__ = ["Outcome", "find_notebooks", "parse_assignments", "run_notebook"]

# One thread and one hash seed, so that sums are added in the same order on every run.
STEADY = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
}
USER_ERRORS = {InputError.__name__, PriceError.__name__}


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook."""

    notebook: str
    seconds: float
    figures: tuple[str, ...] = ()
    problem: str = ""  # one line; empty when all went well
    bad_input: bool = False  # the problem is the user's to mend


def find_notebooks(names: Iterable[str] = (), folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the named notebooks in their order, all of them where none is named.

    Raises:
        InputError: a name that no notebook has.
    """
    known = {path.stem: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    wanted = [name.removesuffix(".ipynb") for name in names] or list(known)
    for name in wanted:
        if name not in known:
            raise InputError(
                f"notebook {name!r} does not exist; {_nearest(name, known)}use one of "
                f"{', '.join(known)}"
            )
    return [known[name] for name in sorted(set(wanted))]


def parse_assignments(
    assignments: Iterable[str], notebooks: Iterable[Path]
) -> dict[Path, dict[str, Any]]:
    """Return the parameters to give to each notebook: those that its parameters cell names.

    Args:
        assignments: texts such as "epochs=5".
        notebooks: at least one must have each parameter; the others go without it.

    Raises:
        InputError: no "=", a name that no notebook has, or a value of the wrong type.
    """
    defaults = {path: notebook_parameters(path) for path in notebooks}
    known = {name for parameters in defaults.values() for name in parameters}
    given: dict[Path, dict[str, Any]] = {path: {} for path in defaults}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in known:
            raise InputError(
                f"parameter {assignment!r} is not NAME=VALUE with a known name; "
                f"{_nearest(name, known)}use one of {', '.join(sorted(known))}"
            )
        for path, parameters in defaults.items():
            if name in parameters:
                given[path][name] = _typed(name, text, parameters[name])
    return given


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""


def _typed(name: str, text: str, default: object) -> object:
    """Return the text as the type that the parameter's default has."""
    if isinstance(default, str):
        return text
    if isinstance(default, list):
        return [_typed(name, part, default[0]) for part in text.split(",")]
    try:
        value = ast.literal_eval({"true": "True", "false": "False"}.get(text, text))
    except (ValueError, SyntaxError):
        value = None
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(default):
        kind = {"bool": "true or false", "int": "a whole number", "float": "a number"}
        raise InputError(
            f"{name}={text} is of the wrong type: {name} is {kind[type(default).__name__]}, "
            f"for example {default}"
        )
    return value


def run_notebook(notebook: Path, parameters: Mapping[str, Any], out: Path) -> Outcome:
    """Execute a notebook in a child process and, if all went well, publish what it made.

    Args:
        notebook: path of the source notebook, which stays as it is.
        parameters: what differs from its defaults.
        out: folder that the figures and the JSON are moved into.

    Returns:
        How it went; after a failure `out` is as it was.

    Raises:
        InputError: a folder cannot be written.
    """
    work = BUILD / "runs" / notebook.stem
    shutil.rmtree(work, ignore_errors=True)
    request = {
        "notebook": str(notebook),
        "executed": str(BUILD / f"{notebook.stem}.ipynb"),
        "parameters": dict(parameters),
        "folder": str(NOTEBOOKS),
    }
    write_atomically(work / "request.json", json.dumps(request))
    started = time.monotonic()
    outcome = _execute(work)
    seconds = time.monotonic() - started
    if outcome["status"] != "finished":
        problem = _explain(outcome, work)
        bad_input = outcome.get("error") in USER_ERRORS
        return Outcome(notebook.stem, seconds, problem=problem, bad_input=bad_input)
    return Outcome(notebook.stem, seconds, figures=_publish(work / "out", out))


def _execute(work: Path) -> dict[str, Any]:
    """Run the child and return its outcome; without one it died."""
    environment = os.environ | STEADY | {OUTPUT_VARIABLE: str(work / "out")}
    command = [sys.executable, "-m", "coincast.execution", str(work / "request.json")]
    with (work / "log.txt").open("w") as log:
        # On a terminal the child's progress bar is what the user watches.
        stderr = None if sys.stderr.isatty() else log
        subprocess.run(command, env=environment, stdout=log, stderr=stderr, check=False)  # noqa: S603
    try:
        return dict(json.loads((work / "outcome.json").read_text()))
    except (OSError, ValueError):
        return {"status": "died"}


def _explain(outcome: Mapping[str, Any], work: Path) -> str:
    """Return one line on a failure; what the user cannot mend is kept whole in a file."""
    if outcome.get("error") in USER_ERRORS:
        return str(outcome["message"])
    if outcome["status"] == "died":
        return f"the process died; see {work / 'log.txt'} and the memory of the machine"
    report = work / "failure.txt"
    write_atomically(report, re.sub(r"\x1b\[[0-9;]*m", "", outcome["traceback"]) + "\n")
    message = str(outcome["message"]).splitlines() or [""]
    return f"cell {outcome['cell']}: {outcome['error']}: {message[0]} (whole text in {report})"


def _publish(made: Path, out: Path) -> tuple[str, ...]:
    """Move what a notebook made into `out`, numbers last, and return the figures' names."""
    paths = sorted(made.iterdir(), key=lambda path: (path.suffix == ".json", path.name))
    for path in paths:
        write_atomically(out / path.name, path.read_bytes())
    return tuple(path.name for path in paths if path.suffix == ".png")
