"""What went wrong in a notebook: one line for the table, and a report with cell and traceback."""

import json
import re
from collections.abc import Mapping
from typing import Any

from coincast.errors import InputError, PriceError, UntraceableError

__all__ = ["describe_failure"]

USER_ERRORS = {kind.__name__ for kind in (InputError, PriceError, UntraceableError)}
MOST_CHARACTERS = 500  # of the one line
LAST_LINES = 40  # of a traceback and of a log


def describe_failure(ending: Mapping[str, str], executed: str, log: str) -> dict[str, Any]:
    """The fields `problem`, `error`, `bad_input` and `report` of a failed task's result.

    Args:
        ending: `status`, `message` and, after an exception, `error` (its name) and `traceback`.
        executed: text of the notebook as far as it was executed.
        log: what its processes printed.
    """
    number, source = _last_cell(executed)
    where = f"cell {number}" if number else "before the first cell"
    message = (ending["message"].splitlines() or [""])[0][:MOST_CHARACTERS]
    bad_input = ending.get("error") in USER_ERRORS
    told = [message] if bad_input else [where, ending.get("error", ""), message]
    problem = ": ".join(filter(None, told))
    report = [problem]
    for title, text in (
        (f"source of cell {number}", source),
        ("end of its traceback", ending.get("traceback", "")),
        ("end of its log", log),
    ):
        lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).rstrip().splitlines()  # no colours
        if lines:
            report.append(f"{title}:\n" + "\n".join(f"    {line}" for line in lines[-LAST_LINES:]))
    return {
        "problem": problem,
        "error": ending.get("error", ""),
        "bad_input": bad_input,
        "report": "\n\n".join(report) + "\n",
    }


def _last_cell(executed: str) -> tuple[int, str]:
    """Number and source of the last cell that began; 0 and "" if none did.

    Code cells of the source notebook count from 1, as in Jupyter. papermill names the cell only in
    its exceptions; a time limit, a kernel's death or SystemExit raises none.
    """
    try:
        cells = json.loads(executed)["cells"]
    except (ValueError, KeyError):  # nothing was executed, or the file is not complete
        return 0, ""
    code = [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and "injected-parameters" not in cell["metadata"].get("tags", [])
    ]
    began = [
        (number, "".join(cell["source"]))
        for number, cell in enumerate(code, start=1)
        if cell["metadata"].get("papermill", {}).get("start_time")
    ]
    return began[-1] if began else (0, "")
