"""One notebook, executed by papermill in a process of its own.

`python -m coincast.execution REQUEST.json` executes what the request names and writes next
to the executed notebook an outcome that the runner can trust: papermill marks cells as
completed even when the kernel died under them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

__all__ = ["execute"]


def execute(request: dict[str, Any]) -> dict[str, Any]:
    """Execute a notebook and return its outcome.

    Args:
        request: `notebook` and `executed` (paths), `parameters`, `folder` (the kernel's own).

    Returns:
        `status`: "finished", "failed" or "died"; for "failed" also `error` (the exception's
        name), `message`, `cell` (number) and `traceback`.
    """
    try:
        notebook = papermill.execute_notebook(
            request["notebook"],
            request["executed"],
            parameters=request["parameters"],
            cwd=request["folder"],
            kernel_name="python3",
            progress_bar=sys.stderr.isatty(),
            # Sockets in the file system: no port to clash with, none for others to reach.
            config=Config(
                {"KernelManager": {"transport": "tcp" if sys.platform == "win32" else "ipc"}}
            ),
        )
    except PapermillExecutionError as error:
        return {
            "status": "failed",
            "error": error.ename,
            "message": error.evalue,
            "cell": error.cell_index,
            "traceback": "\n".join(error.traceback),
        }
    except DeadKernelError:
        return {"status": "died"}
    # A cell that ends the kernel's work politely (SystemExit) is no error to papermill.
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source and cell.execution_count is None:
            return {
                "status": "failed",
                "error": "NotRun",
                "message": "the notebook stopped before this cell",
                "cell": number,
                "traceback": "",
            }
    return {"status": "finished"}


if __name__ == "__main__":
    path = Path(sys.argv[1])
    outcome = execute(json.loads(path.read_text()))
    path.with_name("outcome.json").write_text(json.dumps(outcome))
