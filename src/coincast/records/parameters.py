"""The parameters of notebooks: their defaults, and values for them from a command line."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coincast.errors import InputError, did_you_mean, redacted, shown
from coincast.records.plain_json import parse_json

__all__ = [
    "notebook_parameters",
    "notebooks_read",
    "parse_assignments",
    "read_notebook",
    "read_parameters",
    "runs_alone",
    "without_passwords",
]

PARAMETERS_TAG = "parameters"
# Raised by parsing a literal: a list as a key is a TypeError, deep nesting one of the last two.
UNPARSABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
MOST_CHARACTERS = 2000  # of one value on a command line
KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number"}


def notebook_parameters(path: Path) -> dict[str, Any]:
    """Names and default values in a notebook's one `parameters` cell.

    Raises:
        InputError: the file cannot be read, or as `read_parameters`.
    """
    return read_parameters(read_notebook(path), path.name)


def read_notebook(path: Path) -> str:
    """Text of a notebook.

    Raises:
        InputError: the file cannot be read, or is not text.
    """
    if path.exists() and not path.is_file():  # a pipe would never end
        raise InputError(f"{path.name} is no regular file; put the notebook there")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path.name} as a notebook: {error!r}; repair it") from error


def runs_alone(text: str) -> bool:
    """Whether a notebook's metadata ask that it runs alone, because it measures time.

    >>> runs_alone('{"metadata": {"coincast": {"alone": true}}}')
    True
    """
    try:
        return parse_json(text)["metadata"]["coincast"]["alone"] is True
    except (ValueError, KeyError, TypeError):
        return False


def notebooks_read(text: str, name: str) -> tuple[str, ...]:
    """Notebooks whose recorded values a notebook reads, as its metadata say.

    Args:
        text: the content of an .ipynb file.
        name: what messages call it.

    Raises:
        InputError: the metadata name them otherwise than by a list of texts.

    >>> notebooks_read('{"metadata": {"coincast": {"reads": ["01_prices"]}}}', "07_claims")
    ('01_prices',)
    """
    try:
        found = parse_json(text)["metadata"]["coincast"]["reads"]
    except (ValueError, KeyError, TypeError):
        return ()
    if not isinstance(found, list) or not all(isinstance(other, str) for other in found):
        raise InputError(
            f"{name} reads {shown(str(found))}; its metadata must name notebooks in a list, "
            'for example "reads": ["01_prices"]'
        )
    return tuple(dict.fromkeys(found))


def read_parameters(text: str, name: str) -> dict[str, Any]:
    """Names and default values in the `parameters` cell of a notebook's text.

    Args:
        text: the content of an .ipynb file.
        name: what messages call it.

    Raises:
        InputError: the text is not a notebook, there is not exactly one such cell, or it holds
            anything but `name = literal` lines.
    """
    try:
        cells = [
            ("".join(cell["source"]), cell["metadata"].get("tags", []))
            for cell in parse_json(text)["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"cannot read {name} as a notebook: {error!r}; repair it") from error
    sources = [source for source, tags in cells if PARAMETERS_TAG in tags]
    if len(sources) != 1:
        raise InputError(f"{name} has {len(sources)} cells tagged {PARAMETERS_TAG!r}; it needs one")
    try:
        return dict(map(_assignment, ast.parse(sources[0]).body))
    except UNPARSABLE as error:
        raise InputError(
            f"the parameters cell of {name} may hold only lines such as `name = 1`: "
            f"{error or type(error).__name__}"
        ) from error


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, ast.literal_eval(value)
    raise ValueError(f"line {statement.lineno} is not")


def without_passwords(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they may be written down: addresses without user names and passwords."""
    return {k: redacted(v) if isinstance(v, str) else v for k, v in parameters.items()}


def parse_assignments(
    assignments: Iterable[str], notebooks: Iterable[Path]
) -> dict[Path, dict[str, Any]]:
    """Parameters to give to each notebook: those that its parameters cell names.

    Args:
        assignments: texts such as "epochs=5".
        notebooks: at least one must have each parameter; the others go without it.

    Raises:
        InputError: no "=", a name that no notebook has or that is given twice, or a value of the
            wrong type.
    """
    defaults = {path: notebook_parameters(path) for path in notebooks}
    known = {name for parameters in defaults.values() for name in parameters}
    given: dict[Path, dict[str, Any]] = {path: {} for path in defaults}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in known:
            raise InputError(
                f"parameter {shown(assignment)} is not NAME=VALUE with a known name; "
                f"{did_you_mean(name, known)}use one of {', '.join(sorted(known))}"
            )
        if len(text) > MOST_CHARACTERS:
            raise InputError(
                f"parameter {shown(assignment)} has {len(text)} characters; "
                f"the most is {MOST_CHARACTERS}"
            )
        for path, parameters in defaults.items():
            if name in given[path]:
                value = shown(redacted(assignment))
                raise InputError(f"parameter {value} is given twice; choose one value")
            if name in parameters:
                given[path][name] = _typed(name, text, parameters[name])
    return given


def _typed(name: str, text: str, default: object) -> object:
    """The text as a value of the type that the parameter's default has."""
    if isinstance(default, str):
        return text
    if isinstance(default, list):
        example = default[0] if default else ""
        return [_typed(name, part, example) for part in text.split(",")]
    try:
        value = ast.literal_eval({"true": "True", "false": "False"}.get(text, text))
        if isinstance(default, float) and type(value) is int:
            value = float(value)
    except (*UNPARSABLE, OverflowError):
        value = None
    if type(value) is not type(default):
        kind = KINDS.get(type(default), "not something that a command line can set")
        raise InputError(
            f"parameter {shown(f'{name}={text}')} is of the wrong type: {name} is {kind}, "
            f"for example {default}"
        )
    return value
