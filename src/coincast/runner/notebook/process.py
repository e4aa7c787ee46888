"""One notebook, executed by papermill in this process and a kernel of its own.

`python -m coincast.runner.notebook.process REQUEST.json` executes what the request names and
writes `ending.json` next to it. When its standard input closes, because the runner ended it or
died, it ends. However it ends, it takes everything with it that the notebook started.
"""

import json
import os
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
from jupyter_core.paths import jupyter_runtime_dir
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from coincast.runner.notebook import descendants

ENGINE = "coincast"
MAX_OUTPUT = 20 * 2**20  # characters of a notebook's outputs together; ours have about one million
KERNEL_START_SECONDS = 300  # on a busy machine
# Sockets in the file system: no port can clash, and no other user can connect.
TRANSPORT = "tcp" if sys.platform == "win32" else "ipc"


class CappedClient(PapermillNotebookClient):  # type: ignore[misc]
    """A client that keeps outputs up to a limit, then only errors."""

    room = MAX_OUTPUT

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], *more: object
    ) -> NotebookNode | None:
        """Append a message to a cell's outputs unless there is no more room."""
        size = len(str(msg["content"]))
        if msg["msg_type"] == "error" or size <= self.room:
            self.room -= size
            return super().output(outs, msg, *more)
        if self.room > 0:  # tell it once
            text = f"[the notebook shows more than {MAX_OUTPUT} characters: the rest is left out]\n"
            stream = {"output_type": "stream", "name": "stderr", "text": text}
            outs.append(nbformat.from_dict(stream))  # type: ignore[no-untyped-call]
        self.room = 0
        return None


class CappedEngine(Engine):  # type: ignore[misc]
    """papermill's own engine, with this client."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, *_: object, **__: object) -> NotebookNode:  # noqa: ANN401
        """Execute a notebook, cell by cell."""
        sockets = str(Path(jupyter_runtime_dir()) / "kernel.json")
        return CappedClient(
            nb_man,
            kernel_name="python3",
            startup_timeout=KERNEL_START_SECONDS,
            timeout=None,
            iopub_timeout=300,  # the default gives a busy machine 4 s to pass on what a cell prints
            config=Config({"KernelManager": {"transport": TRANSPORT, "connection_file": sockets}}),
        ).execute()


papermill_engines.register(ENGINE, CappedEngine)


def execute_here(request: Mapping[str, Any]) -> dict[str, str]:
    """Execute a notebook.

    Args:
        request: `notebook` and `executed` (paths), `parameters`, `folder` (the kernel's own).

    Returns:
        `status`: "finished", "failed" or "died"; `message`; for "failed" also `error` (the
        exception's name) and `traceback`.
    """
    try:
        notebook = papermill.execute_notebook(
            request["notebook"],
            request["executed"],
            parameters=request["parameters"],
            cwd=request["folder"],
            kernel_name="python3",
            engine_name=ENGINE,
            progress_bar=False,
        )
    except PapermillExecutionError as error:
        traceback = "\n".join(error.traceback)
        return _ending("failed", error.evalue, error=error.ename, traceback=traceback)
    except DeadKernelError:
        return _ending("died", "its kernel died")
    if _was_left(notebook):
        return _ending("failed", "it ended the notebook before its end", error="SystemExit")
    return _ending("finished", "")


def _was_left(notebook: NotebookNode) -> bool:
    """Whether a cell raised SystemExit, which to papermill is no error."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source]
    return any(
        cell.execution_count is None or any(out.output_type == "error" for out in cell.outputs)
        for cell in code
    )


def _ending(status: str, message: str, **more: str) -> dict[str, str]:
    return {"status": status, "message": message, **more}


def _end_with_runner() -> None:
    """Wait until the runner closes standard input or dies; then end, and the kernel too."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    descendants.kill_descendants(psutil.Process())
    shutil.rmtree(jupyter_runtime_dir(), ignore_errors=True)  # made by the runner, for this alone
    os._exit(1)


if __name__ == "__main__":
    descendants.adopt_orphans()
    threading.Thread(target=_end_with_runner, daemon=True).start()
    path = Path(sys.argv[1])
    ending = execute_here(json.loads(path.read_text()))
    descendants.kill_descendants(psutil.Process())
    path.with_name("ending.json").write_text(json.dumps(ending))
