"""One notebook, executed by papermill in this process and a kernel of its own.

`python -m coincast.runner.notebook_process REQUEST.json` executes what the request names and
writes `ending.json` next to it. When its standard input closes, because the runner ended it or
died, it ends and takes its kernel with it.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
import psutil
from jupyter_core.paths import jupyter_runtime_dir
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

KERNEL_START_SECONDS = 300  # on a busy machine
# Sockets in the file system: no port can clash, and no other user can connect.
TRANSPORT = "tcp" if sys.platform == "win32" else "ipc"


def execute_here(request: Mapping[str, Any]) -> dict[str, str]:
    """Execute a notebook.

    Args:
        request: `notebook` and `executed` (paths), `parameters`, `folder` (the kernel's own).

    Returns:
        `status`: "finished", "failed" or "died"; `message`; for "failed" also `error` (the
        exception's name) and `traceback`.
    """
    sockets = str(Path(jupyter_runtime_dir()) / "kernel.json")
    try:
        notebook = papermill.execute_notebook(
            request["notebook"],
            request["executed"],
            parameters=request["parameters"],
            cwd=request["folder"],
            kernel_name="python3",
            progress_bar=False,
            start_timeout=KERNEL_START_SECONDS,
            config=Config({"KernelManager": {"transport": TRANSPORT, "connection_file": sockets}}),
        )
    except PapermillExecutionError as error:
        traceback = "\n".join(error.traceback)
        return _ending("failed", error.evalue, error=error.ename, traceback=traceback)
    except DeadKernelError:
        return _ending("died", "its kernel died")
    # To papermill SystemExit in a cell is not an error.
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source and cell.execution_count is None:
            message = "it ended the notebook before the last cell"
            return _ending("failed", message, error="SystemExit")
    return _ending("finished", "")


def _ending(status: str, message: str, **more: str) -> dict[str, str]:
    return {"status": status, "message": message, **more}


def _end_with_runner() -> None:
    """Wait until the runner closes standard input or dies; then end, and the kernel too."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    for process in psutil.Process().children(recursive=True):
        process.kill()
    shutil.rmtree(jupyter_runtime_dir(), ignore_errors=True)  # made by the runner, for this alone
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_runner, daemon=True).start()
    path = Path(sys.argv[1])
    path.with_name("ending.json").write_text(json.dumps(execute_here(json.loads(path.read_text()))))
