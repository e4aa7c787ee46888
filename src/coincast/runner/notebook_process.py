"""One notebook, executed by papermill in this process and a kernel of its own.

`python -m coincast.notebook_process REQUEST.json` executes what the request names and writes next
to it an outcome that the runner can trust: papermill marks cells as completed even when the kernel
died under them. It ends, and its kernel with it, when its standard input closes: however the
runner dies, the system closes that.
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

__all__ = ["execute_here"]

KERNEL_START_SECONDS = 300  # a busy machine takes its time
# Sockets in the file system: no port to clash with, none for others to reach.
TRANSPORT = "tcp" if sys.platform == "win32" else "ipc"


def execute_here(request: Mapping[str, Any]) -> dict[str, str]:
    """Execute a notebook and return its outcome.

    Args:
        request: `notebook` and `executed` (paths), `parameters`, `folder` (the kernel's own).

    Returns:
        `status`: "finished", "failed" or "died"; for "failed" also `error` (the exception's
        name), `message` and `traceback`.
    """
    # The path of a socket may have little more than 100 letters; the runner chose a short one.
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
        return {
            "status": "failed",
            "error": error.ename,
            "message": error.evalue,
            "traceback": "\n".join(error.traceback),
        }
    except DeadKernelError:
        return {"status": "died"}
    # A cell that ends the kernel's work politely (SystemExit) is no error to papermill.
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source and cell.execution_count is None:
            message = "it ended the notebook before the last cell"
            return {"status": "failed", "error": "SystemExit", "message": message, "traceback": ""}
    return {"status": "finished"}


def end_with_runner() -> None:
    """Wait until the runner closes standard input or dies; then end, and the kernel too."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    for process in psutil.Process().children(recursive=True):
        process.kill()
    shutil.rmtree(jupyter_runtime_dir(), ignore_errors=True)  # made by the runner, for this alone
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with_runner, daemon=True).start()
    path = Path(sys.argv[1])
    outcome = execute_here(json.loads(path.read_text()))
    path.with_name("outcome.json").write_text(json.dumps(outcome))
