"""papermill's engine with a limit on what a notebook prints and shows."""

from typing import Any

import nbformat
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

__all__ = ["ENGINE"]

ENGINE = "coincast"
MAX_OUTPUT = 20 * 2**20  # characters of a notebook's outputs together; ours have about one million


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
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - papermill has no types
        kernel_name: str,
        *,
        start_timeout: int,
        config: object,
        **_: object,
    ) -> NotebookNode:
        """Execute a notebook, cell by cell."""
        options = {"kernel_name": kernel_name, "startup_timeout": start_timeout, "config": config}
        # Its default gives a busy machine 4 s to pass on what a cell has printed.
        return CappedClient(nb_man, timeout=None, iopub_timeout=300, **options).execute()


papermill_engines.register(ENGINE, CappedEngine)
