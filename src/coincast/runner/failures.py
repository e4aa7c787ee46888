"""What went wrong in a notebook: one line for the table, and a report with cell and traceback."""

import json
import re
from collections.abc import Mapping
from typing import Any

from coincast.errors import InputError, PriceError

__all__ = ["explain", "is_bad_input", "report"]

USER_ERRORS = {InputError.__name__, PriceError.__name__}
LAST_LINES = 40  # of a traceback and of a log


def is_bad_input(outcome: Mapping[str, str]) -> bool:
    """Tell whether a notebook refused what the user gave it: its message says all."""
    return outcome.get("error") in USER_ERRORS


def explain(outcome: Mapping[str, str], executed: str) -> str:
    """Return one line on what went wrong.

    Args:
        outcome: `status` and, where an exception was raised, `error` and `message`; else
            `message` may say more.
        executed: text of the notebook as far as it was executed.
    """
    message = (outcome.get("message", "").splitlines() or [""])[0]
    if is_bad_input(outcome):
        return message
    number, _ = failing_cell(executed)
    where = f"cell {number}" if number else "before the first cell"
    if outcome["status"] == "failed":
        return f"{where}: {outcome['error']}: {message}"
    return f"{where}: {message or 'its kernel died'}"


def report(outcome: Mapping[str, str], executed: str, log: str) -> str:
    """Return what a programmer wants to see first: the cell, the traceback's end, the log's end."""
    number, source = failing_cell(executed)
    parts = {
        f"source of cell {number}": source,
        "end of its traceback": outcome.get("traceback", ""),
        "end of its log": log,
    }
    told = [
        f"{title}:\n" + "\n".join(f"    {line}" for line in _plain(text)[-LAST_LINES:])
        for title, text in parts.items()
        if text.strip()
    ]
    return "\n\n".join([explain(outcome, executed), *told]) + "\n"


def failing_cell(executed: str) -> tuple[int, str]:
    """Return number and source of the last cell that began, or 0 and nothing.

    Cells are counted as Jupyter does when it runs the source notebook from the top: code only,
    from 1. papermill's marks of success are not looked at: it sets them after a death, too.
    """
    found = 0, ""
    for number, cell in enumerate(_code_cells(executed), start=1):
        if cell["metadata"].get("papermill", {}).get("start_time"):
            found = number, "".join(cell["source"])
    return found


def _code_cells(executed: str) -> list[dict[str, Any]]:
    try:
        cells = json.loads(executed)["cells"]
    except (ValueError, KeyError):  # nothing was executed, or not written to the end
        return []
    return [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and "injected-parameters" not in cell["metadata"].get("tags", [])
    ]


def _plain(text: str) -> list[str]:
    """Return the lines of a text without the codes that colour a terminal."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).rstrip().splitlines()
