"""Values as plain JSON types, and their hash."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["json_hash", "parse_json", "to_plain"]


def json_hash(content: object) -> str:
    """SHA-256 of JSON content in hexadecimal, whatever the order of its keys.

    Raises:
        TypeError, ValueError: JSON cannot hold the content.

    >>> json_hash({"lags": 4, "seed": 1}) == json_hash({"seed": 1, "lags": 4})
    True
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON is any of six types
    """JSON content of a file that may be damaged.

    Raises:
        ValueError: the text is not JSON, or is nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def to_plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any of six types
    """Tables, dates, tuples and NumPy values as plain JSON types; a table becomes a dict of rows.

    A cell that a table leaves open (NaN) becomes null; any other NaN stays, and JSON refuses it.

    >>> to_plain({"mae": pd.Series({"zero": 0.5}), 3: (pd.Timestamp("2018-01-02"),)})
    {'mae': {'zero': 0.5}, '3': ['2018-01-02']}
    """
    if isinstance(value, pd.DataFrame):
        return to_plain(value.astype(object).where(value.notna(), None).to_dict("index"))
    if isinstance(value, pd.Series):
        return to_plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return value.tolist() if hasattr(value, "tolist") else value
