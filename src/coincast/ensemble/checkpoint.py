"""Finished chunks kept in a folder, so that an interrupted run goes on where it was."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coincast.files import write_atomically

__all__ = ["identity", "load_chunk", "save_chunk"]

Arrays = dict[str, np.ndarray]
IDENTITY = "identity"


def identity(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Return a hash of all that decides a run: a chunk of any other run is not its own."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for name, values in arrays.items():
        digest.update(f"{name} {values.shape} {values.dtype}".encode() + values.tobytes())
    return digest.hexdigest()


def save_chunk(path: Path, run: str, arrays: Arrays) -> None:
    """Write a chunk's results, whole or not at all.

    Raises:
        InputError: the folder cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays, **{IDENTITY: np.array(run)})
    write_atomically(path, buffer.getvalue())


def load_chunk(path: Path, run: str) -> Arrays | None:
    """Return a chunk's results; None where there are none, of another run, or damaged ones."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError):
        return None
    return arrays if str(arrays.pop(IDENTITY, "")) == run else None
