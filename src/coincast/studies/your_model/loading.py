"""A model and features of your own: found by name, and checked before anything is trained.

Whatever code of yours raises becomes one line that names the file and the line.
"""

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import pandas as pd
from sklearn.base import BaseEstimator, clone

from coincast.ensemble.plan import Build
from coincast.errors import InputError, UntraceableError, did_you_mean, shown
from coincast.paths import PACKAGE

__all__ = ["Features", "load_features", "load_model", "parse_settings", "telling"]

Features = Callable[[pd.DataFrame], pd.DataFrame]
MOST_CHARACTERS = 200  # of what an exception says
FORMS = "path/to/file.py:name, or module:name of an installed package"
BUILDER = "a function (lags, features) -> uncompiled Keras model, or a scikit-learn estimator"


def load_model(
    text: str, settings: Mapping[str, Any], lags: int, features: int
) -> Build | BaseEstimator:
    """A Keras builder or a scikit-learn estimator, tried out once.

    Args:
        text: "path/to/file.py:name" or "module:name" of a builder (lags, features) -> uncompiled
            Keras model, of an estimator, or of a class or function that gives one.
        settings: further keyword arguments of it.
        lags: days in a window.
        features: features per day.

    Raises:
        InputError: there is no such file, module or name; it does not take these arguments; it
            fails; or what it gives is compiled, of the wrong shape, or neither of the two.
        UntraceableError: it cannot build its layers on JAX.
    """
    found = _resolve(text)
    if isinstance(found, BaseEstimator):
        with telling(text):
            return clone(found).set_params(**settings)
    if isinstance(found, keras.Model) or not callable(found):
        raise InputError(f"{text} is a {type(found).__name__}; name {BUILDER}")
    is_estimator = isinstance(found, type) and issubclass(found, BaseEstimator)
    if not is_estimator and _takes(found, 2, settings):
        build: Build = partial(found, **settings) if settings else found
        with telling(text, on_jax=keras.backend.backend() == "jax"):
            made = build(lags, features)
        _check_network(made, (lags, features), text)
        return build
    if not _takes(found, 0, settings):
        given = f" with {', '.join(settings)}" if settings else ""
        raise InputError(
            f"{text} has the arguments {_signature(found)}, which (lags, features){given} do not "
            f"fit; name {BUILDER}"
        )
    with telling(text):
        estimator = found(**settings)
    if not isinstance(estimator, BaseEstimator):
        raise InputError(f"{text} gives a {type(estimator).__name__}; name {BUILDER}")
    return estimator


def load_features(text: str) -> Features:
    """A function of prices that gives a table of features.

    Raises:
        InputError: there is no such file, module or name, or it takes other arguments.
    """
    found = _resolve(text)
    if not callable(found) or not _takes(found, 1, {}):
        raise InputError(
            f"{text} is not a function of one argument: prices (a table with a row per day) -> "
            "table of features"
        )
    return found


def parse_settings(assignments: Sequence[str]) -> dict[str, Any]:
    """Keyword arguments from texts such as "units=24".

    Raises:
        InputError: a text is no NAME=VALUE.

    >>> parse_settings(["units=24", "activation=relu"])
    {'units': 24, 'activation': 'relu'}
    """
    settings = {}
    for assignment in filter(None, assignments):
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"setting {shown(assignment)} is not NAME=VALUE, such as units=24")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


@contextmanager
def telling(what: str, *, on_jax: bool = False) -> Iterator[None]:
    """Turn whatever your own code raises into one line that says where.

    Args:
        what: your code, as the message calls it.
        on_jax: it builds layers on JAX, so that TensorFlow may succeed where this fails.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        kind = UntraceableError if on_jax and not isinstance(error, NameError) else InputError
        reason = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())[:MOST_CHARACTERS]
        told = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        raise kind(f"{what} fails ({_place(error)}): {told}") from error


def _place(error: Exception) -> str:
    """The last line of your own code that an error passed through, or else where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    paths = [(Path(frame.filename), frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        paths = [(Path(error.filename), error.lineno)]
    own = [
        (path, line)
        for path, line in paths
        if PACKAGE not in path.parents and Path(sys.prefix) not in path.parents
        and Path(sys.base_prefix) not in path.parents and path.suffix == ".py"
    ]  # fmt: skip
    path, line = (own or paths)[-1]
    return f"{path.name}, line {line}"


def _resolve(text: str) -> Any:  # noqa: ANN401 - anything that a module may hold
    place, _, name = text.rpartition(":")
    if not place or not name.isidentifier():
        raise InputError(f"{shown(text)} names no object; use {FORMS}")
    module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    if not hasattr(module, name):
        near = did_you_mean(name, vars(module))
        raise InputError(f"{place} has no {name!r}; {near}define it, or name another")
    return getattr(module, name)


def _import_file(path: Path) -> ModuleType:
    path = path.expanduser().absolute()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InputError(f"there is no file {shown(str(path))}; use {FORMS}")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # for what it imports from beside it
    module = importlib.util.module_from_spec(spec)
    with telling(str(path)):
        spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"no module {shown(error.name)} is installed; use {FORMS}") from error
    except Exception as error:
        raise InputError(f"{name} cannot be imported: {error!r:.200}; use {FORMS}") from error


def _takes(function: Callable[..., Any], count: int, settings: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(*range(count), **settings)
    except (TypeError, ValueError):
        return False
    return True


def _signature(function: Callable[..., Any]) -> str:
    try:
        return str(inspect.signature(function))
    except (TypeError, ValueError):
        return "(unknown)"


def _check_network(made: object, shape: tuple[int, int], text: str) -> None:
    if not isinstance(made, keras.Model):
        raise InputError(f"{text} gives a {type(made).__name__}; name {BUILDER}")
    if made.compiled:
        raise InputError(
            f"{text} gives a compiled model; leave compile() out: the trial chooses the optimizer, "
            "the rate and the loss, the same for every model"
        )
    with telling(text, on_jax=keras.backend.backend() == "jax"):
        output = made.compute_output_shape((None, *shape))
    if output != (None, 1):
        raise InputError(
            f"{text} gives outputs of shape {output} for windows of shape {(None, *shape)}; "
            "end it with one output per window, Dense(1)"
        )
