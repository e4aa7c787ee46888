"""The machine that something runs on: what stays the same from run to run, and what is free."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import psutil

from coincast.records.gpu import driver_and_names

__all__ = ["cores", "memory", "summary"]

CGROUP = Path("/sys/fs/cgroup")  # the limits of a container, on Linux


def summary() -> dict[str, Any]:
    """Return what decides how numbers are rounded here; the same in every run on one machine."""
    driver, names = driver_and_names()
    keras = sys.modules.get("keras")
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "gpus": names,
        "driver": driver or "none",
        "keras_backend": keras.config.backend() if keras else "none: Keras is not loaded",
    }


def cores() -> int:
    """Return how many processor cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def memory(cgroup: Path = CGROUP) -> tuple[int, int]:
    """Return how many bytes of memory there are and how many of them are free to use.

    Args:
        cgroup: where Linux tells a container's limits.
    """
    seen = psutil.virtual_memory()
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return seen.total, seen.available
    return min(seen.total, limit), min(seen.available, max(limit - used, 0))
