"""Headlines from files of your own: CSV tables, and RSS or Atom feeds. All of it is untrusted.

Columns are recognised by name, in any order and spelling; data/README.md lists them.
"""

import hashlib
import html
import re
import zoneinfo
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import lxml.etree
import pandas as pd

from coincast.datasets.headlines.times import find_zone, utc_time
from coincast.errors import InputError, shown
from coincast.files import read_limited
from coincast.prices.parsing.delimited_text import read_rows

__all__ = ["read_headlines"]

TABLE_LIMIT, FEED_LIMIT = 128 * 2**20, 16 * 2**20  # bytes
LINE_LIMIT = 2_000_000  # of a file
TEXT_LIMIT = 1000  # characters of a headline; more is an article
# The first group of which a table has a column counts; two columns of one group are ambiguous.
TIMES = (
    ("publishedat", "published", "publishedon", "pubdate", "publishdate", "publisheddate"),
    ("date", "datetime", "time", "timestamp", "createdat", "createdutc", "seendate"),
)
TEXTS = (("headline", "headlines", "headlinetext", "title", "articletitle"), ("text",))
ATOM = "{http://www.w3.org/2005/Atom}"
SOURCES = ("source", "domain", "publisher", "sourcename", "subreddit")


class Row(NamedTuple):
    """A headline as its file has it."""

    place: str  # for error messages
    published: str
    text: str
    source: str


def read_headlines(paths: Sequence[Path], timezone: str = "") -> pd.DataFrame:
    """The headlines of files, those without a text left out.

    Args:
        paths: CSV tables, or RSS 2.0 or Atom feeds saved as files.
        timezone: IANA name of the zone of times that name none.

    Returns:
        Columns `published` (UTC), `source` and `text`, in the files' order. `attrs` has `files`
        (names and sha256), `timezone`, `rows` and `empty`, the number of rows without a text.

    Raises:
        InputError: naming file, row and value.
    """
    zone = find_zone(timezone)
    parts: list[pd.DataFrame] = []
    files: dict[str, str] = {}
    rows = 0
    for path in paths:
        body = _read(path)
        digest = hashlib.sha256(body).hexdigest()
        if digest in files:
            raise InputError(f"{shown(path.name)} and {shown(files[digest])} are the same file")
        files[digest] = path.name
        try:
            found = list(_feed_rows(body) if _is_xml(body) else _table_rows(body))
            parts.append(_as_table(found, zone))
        except InputError as error:
            raise InputError(f"{shown(path.name)}: {error}") from error
        rows += len(found)
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        names = ", ".join(shown(path.name) for path in paths)
        raise InputError(f"{names}: no row has a headline; check the column of texts")
    named = [{"name": name, "sha256": digest} for digest, name in files.items()]
    table.attrs = {"files": named, "timezone": timezone, "rows": rows, "empty": rows - len(table)}
    return table


def _read(path: Path) -> bytes:
    body = read_limited(path, TABLE_LIMIT, "check the path, or split the file")
    if _is_xml(body) and len(body) > FEED_LIMIT:
        raise InputError(f"{shown(path.name)} is larger than {FEED_LIMIT >> 20} MiB; split it")
    if max(body.count(b"\n"), body.count(b"\r")) > LINE_LIMIT:
        raise InputError(f"{shown(path.name)} has more than {LINE_LIMIT:,} lines; split it")
    return body


def _is_xml(body: bytes) -> bool:
    return body[:200].lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n").startswith(b"<")


def _as_table(rows: list[Row], zone: zoneinfo.ZoneInfo | None) -> pd.DataFrame:
    """Rows with a text, their times parsed."""
    found = []
    for row in rows:
        text = " ".join(html.unescape(row.text).split())
        if len(text) > TEXT_LIMIT:
            raise InputError(
                f"{row.place} has a text of {len(text):,} characters ({shown(text[:20])}); a "
                f"headline has at most {TEXT_LIMIT:,}: check which column is the headline"
            )
        try:
            found += [(utc_time(row.published, zone), row.source.strip(), text)] if text else []
        except InputError as error:
            raise InputError(f"{row.place}: {error}") from error
    table = pd.DataFrame(found, columns=["published", "source", "text"])
    clocks = pd.DatetimeIndex(table["published"]).tz_localize("UTC").tz_convert(zone)
    if zone and zone.key != "UTC" and len(table) > 1 and (clocks == clocks.normalize()).all():
        raise InputError(
            f"every time is midnight in {zone.key}: these are days, not times of publication; use "
            "a table with times, or --timezone UTC if its days are UTC days"
        )
    return table


def _table_rows(body: bytes) -> Iterator[Row]:
    """The rows of a CSV text; the header is row 1."""
    header, lines = read_rows(body, numeric=False)
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    published, text = _column(names, TIMES, "time"), _column(names, TEXTS, "headline")
    source = next((place for place, name in enumerate(names) if name in SOURCES), None)
    for number, line in lines:
        publisher = "" if source is None else line[source]
        yield Row(f"row {number}", line[published], line[text], publisher)


def _column(names: list[str], groups: Sequence[Sequence[str]], wanted: str) -> int:
    """Where a column stands."""
    for group in groups:
        found = [name for name in names if name in group]
        if len(found) > 1:
            raise InputError(f"the {wanted} is ambiguous: columns {shown(found)}; keep one")
        if found:
            return names.index(found[0])
    known = ", ".join(name for group in groups for name in group)
    raise InputError(f"no column of the {wanted} in {shown(names)}; name it one of: {known}")


def _feed_rows(body: bytes) -> Iterator[Row]:
    """The items of an RSS 2.0 feed, or the entries of an Atom feed."""
    parser = lxml.etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = lxml.etree.fromstring(body, parser)
    except lxml.etree.XMLSyntaxError as error:
        raise InputError(f"it is no XML of a feed ({error.msg}); save the feed again") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("it declares a document type (DOCTYPE), which no RSS 2.0 or Atom feed has")
    if root.tag not in {"rss", f"{ATOM}feed"}:
        raise InputError(f"it is a {shown(root.tag)}, no RSS 2.0 or Atom feed; give a feed or CSV")
    space, feed, items, source = ATOM, "", f"{ATOM}entry", f"{ATOM}source/{ATOM}title"
    if root.tag == "rss":
        space, feed, items, source = "", "channel/", "channel/item", "source"
    publisher = _text(root, f"{feed}{space}title")
    for number, item in enumerate(root.findall(items), 1):
        times = [_text(item, space + name) for name in ("pubDate", "published", "updated")]
        published, text = next(filter(None, times), ""), _text(item, f"{space}title")
        yield Row(f"item {number}", published, text, _text(item, source) or publisher)


def _text(element: lxml.etree._Element, path: str) -> str:
    """The text of a child, without comments and markup; empty if there is none."""
    child = element.find(path)
    return "" if child is None else str(child.xpath("string()")).strip()
