"""What is to be executed and what came of it: plain data, so that any machine can do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Limits", "Result", "Task"]


@dataclass(frozen=True)
class Limits:
    """What a task may take; past that it is killed."""

    seconds: float = 3600.0  # wall clock
    gib: float = float("inf")  # memory of all its processes together


@dataclass(frozen=True)
class Task:
    """One notebook to execute with one set of parameters."""

    notebook: str  # its name, for example "02_ethereum_lstm"
    source: str  # the text of the .ipynb file
    parameters: Mapping[str, Any] = field(default_factory=dict)  # what differs from its defaults
    label: str = (
        ""  # tells apart the tasks of a run that execute one notebook; also a folder's name
    )
    limits: Limits = Limits()
    alone: bool = False  # it measures time, and nothing else of the run may run beside it

    @property
    def name(self) -> str:
        """Return what messages and folders call the task: the label, or else the notebook."""
        return self.label or self.notebook


@dataclass(frozen=True)
class Result:
    """What became of a task."""

    status: str  # "finished", "failed", "died", "time", "memory" or "interrupted"
    problem: str = ""  # one line; empty when all went well
    bad_input: bool = False  # the problem is the user's to mend, and `problem` tells how
    seconds: float = 0.0
    peak_gib: float = 0.0  # of all its processes together
    gpus: tuple[str, ...] = ()  # how busy each NVIDIA GPU was meanwhile, a line each
    made: Mapping[str, bytes] = field(default_factory=dict)  # file name -> figure or JSON
    executed: str = ""  # the notebook with what was executed of it
    report: str = ""  # of a failure: cell, source, end of the traceback
    log: str = ""  # what its processes printed
