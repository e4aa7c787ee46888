"""Recorded values as tables: whatever a notebook recorded, however deep, in rows and columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Table", "shown", "tables"]

MOST_ROWS = 30  # of a table; the JSON has them all
MOST_NUMBERS = 6  # of a list in one cell


@dataclass(frozen=True)
class Table:
    """Text in cells.

    Attributes:
        title: where the values are in the record: "evaluation / published".
        columns: what heads them; the first heads the rows' names.
        rows: a text for each column.
        left_out: how many more rows the record has.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left_out: int = 0


def shown(value: object) -> str:
    """Return a value as it stands in a cell: four significant digits, long lists cut.

    >>> shown(0.052703230100606985), shown(1330.0), shown(True), shown([16, 8])
    ('0.0527', '1330', 'yes', '16, 8')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"  # noqa: PLR2004
    if isinstance(value, list):
        more = f", ... ({len(value)} in all)" if len(value) > MOST_NUMBERS else ""
        return ", ".join(map(shown, value[:MOST_NUMBERS])) + more
    return "" if value is None else str(value)


def tables(values: Mapping[str, Any], title: str = "") -> list[Table]:
    """Return everything in a record as tables, single values first.

    Args:
        values: dicts and lists, however nested, of numbers and texts.
        title: where they are.
    """
    single = {name: value for name, value in values.items() if _is_single(value)}
    found = [_make(title, ("name", "value"), single.items())] if single else []
    for name, value in values.items():
        if not _is_single(value):
            place = f"{title} / {name}" if title else str(name)
            found += _of(value, place)
    return found


def _of(value: Mapping[str, Any] | Sequence[Any], title: str) -> list[Table]:
    """Return one table where the rows are alike, more where they go deeper."""
    named = value if isinstance(value, Mapping) else {str(i): v for i, v in enumerate(value, 1)}
    inner = list(named.values())
    if inner and all(
        isinstance(row, Mapping) and all(map(_is_single, row.values())) for row in inner
    ):
        columns = tuple(dict.fromkeys(column for row in inner for column in row))
        rows = ((name, *(row.get(column) for column in columns)) for name, row in named.items())
        return [_make(title, ("name", *columns), rows)]
    return tables(named, title)


def _is_single(value: object) -> bool:
    """Tell whether a value fits into one cell."""
    if isinstance(value, list):
        return not any(isinstance(item, list | dict | str) for item in value)
    return not isinstance(value, dict)


def _make(title: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Table:
    texts = [(str(name), *map(shown, cells)) for name, *cells in rows]
    return Table(title, columns, texts[:MOST_ROWS], max(len(texts) - MOST_ROWS, 0))
