"""The machine and the libraries that something runs on."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from coincast.records.gpu import driver_and_names

__all__ = ["LIBRARIES", "cores", "memory", "processor", "summary", "versions"]

# Results depend on these.
LIBRARIES = (
    "tensorflow", "jax", "keras", "numpy", "scipy", "pandas", "scikit-learn", "arch", "matplotlib"
)  # fmt: skip
CGROUP = Path("/sys/fs/cgroup")  # a container's limits, on Linux
CPUINFO = Path("/proc/cpuinfo")  # of Linux
INSTRUCTION_SETS = ("avx2", "avx512f")  # those that decide how sums are rounded


def summary() -> dict[str, Any]:
    """What decides how numbers are rounded here: system, cores, GPUs, Keras's backend."""
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


def versions(*libraries: str) -> dict[str, str]:
    """Version of Python and of each named library."""
    found = {name: metadata.version(name) for name in libraries}
    return {"python": platform.python_version(), **found}


def processor(cpuinfo: Path = CPUINFO) -> dict[str, Any]:
    """The processor's `model`, and which `instruction_sets` it has of those that matter here.

    Args:
        cpuinfo: where Linux describes it. Elsewhere Python names the model, and no instruction set
            is known.
    """
    try:
        lines = [line.partition(":") for line in cpuinfo.read_text().splitlines()]
    except OSError:
        lines = []
    stated = {name.strip(): text.strip() for name, _, text in reversed(lines)}  # the first core's
    flags = stated.get("flags", "").split()
    return {
        "model": stated.get("model name") or platform.processor() or platform.machine(),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
    }


def cores() -> int:
    """Number of processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def memory(cgroup: Path = CGROUP) -> tuple[int, int]:
    """Bytes of memory in total, and those that are free to use.

    Args:
        cgroup: where Linux states a container's limits.
    """
    machine = psutil.virtual_memory()
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return machine.total, machine.available
    return min(machine.total, limit), min(machine.available, max(limit - used, 0))
