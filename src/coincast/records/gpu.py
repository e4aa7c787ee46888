"""NVIDIA GPUs: their names, and how busy they are while something trains.

Without an NVIDIA driver everything here is empty: nothing is imported and no thread is started.
"""

import contextlib
import importlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from types import ModuleType
from typing import Any

__all__ = ["GpuUse", "driver_and_names", "watch_gpu"]

Sample = tuple[float, float]  # per cent busy, bytes in use


@dataclass(frozen=True)
class GpuUse:
    """How busy one GPU was."""

    name: str  # the driver's name for it
    samples: int  # how often it was looked at
    mean_percent: float  # share of the time in which something ran on it
    highest_percent: float  # the same in a single sample
    highest_bytes: float  # of its memory in use, by any process

    def __str__(self) -> str:
        """One line for a log."""
        return (
            f"{self.name}: {self.mean_percent:.0f} % busy ({self.highest_percent:.0f} % at most), "
            f"{self.highest_bytes / 2**20:.0f} MiB in use at most"
        )


@contextlib.contextmanager
def _nvml() -> Iterator[ModuleType | None]:
    """NVIDIA's management library while it is open; None without library or driver."""
    try:
        library = importlib.import_module("pynvml")
    except ImportError:
        yield None
        return
    try:
        library.nvmlInit()
    except library.NVMLError:
        yield None
        return
    try:
        yield library
    finally:
        library.nvmlShutdown()


def _handles(library: ModuleType) -> list[Any]:
    return [library.nvmlDeviceGetHandleByIndex(i) for i in range(library.nvmlDeviceGetCount())]


def driver_and_names() -> tuple[str, list[str]]:
    """Version of the NVIDIA driver and the name of each GPU; "" and [] without a driver."""
    with _nvml() as library:
        if library is None:
            return "", []
        names = [library.nvmlDeviceGetName(handle) for handle in _handles(library)]
        return library.nvmlSystemGetDriverVersion(), names


@contextlib.contextmanager
def watch_gpu(every_seconds: float = 0.5) -> Iterator[list[GpuUse]]:
    """Sample every GPU while the block runs; the list is filled when it ends.

    Args:
        every_seconds: between two samples; the first is taken at once.

    >>> with watch_gpu() as uses:
    ...     total = sum(range(1000))
    >>> all(use.highest_percent >= use.mean_percent for use in uses)  # true without a GPU, too
    True
    """
    uses: list[GpuUse] = []
    with _nvml() as library:
        if library is None:
            yield uses
            return
        samples: list[list[Sample]] = []
        ended = threading.Event()
        handles = _handles(library)
        watcher = threading.Thread(
            target=_watch, args=(library, handles, samples, ended, every_seconds), daemon=True
        )
        watcher.start()
        try:
            yield uses
        finally:
            ended.set()
            watcher.join()
            for handle, of_one in zip(handles, zip(*samples, strict=True), strict=False):
                percents, sizes = zip(*of_one, strict=True)
                name = library.nvmlDeviceGetName(handle)
                mean = fmean(percents)
                uses.append(GpuUse(name, len(samples), mean, max(percents), max(sizes)))


def _watch(
    library: ModuleType,
    handles: list[Any],
    samples: list[list[Sample]],
    ended: threading.Event,
    every_seconds: float,
) -> None:
    """Append one sample of all GPUs at a time, until told to end."""
    with contextlib.suppress(library.NVMLError):  # a GPU that gives no numbers does no harm
        while True:
            samples.append([_sample(library, handle) for handle in handles])
            if ended.wait(every_seconds):
                return


def _sample(library: ModuleType, handle: object) -> Sample:
    busy = library.nvmlDeviceGetUtilizationRates(handle).gpu
    return busy, library.nvmlDeviceGetMemoryInfo(handle).used
