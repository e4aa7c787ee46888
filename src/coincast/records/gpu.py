"""NVIDIA GPUs: which there are, and how busy they are while something trains.

Everything here is empty where no NVIDIA driver answers: no thread is started, nothing is imported.
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


@dataclass(frozen=True)
class GpuUse:
    """How busy one GPU was over the samples of a watch.

    Attributes:
        name: as its driver calls it.
        samples: how many there were.
        mean_percent: share of the time in which something ran on it.
        highest_percent: of a single sample.
        mean_bytes: of its memory in use, by whatever process.
        highest_bytes: of a single sample.
    """

    name: str
    samples: int
    mean_percent: float
    highest_percent: float
    mean_bytes: float
    highest_bytes: float

    def __str__(self) -> str:
        """Say it in a line, for the log of a fit."""
        return (
            f"{self.name}: {self.mean_percent:.0f} % busy ({self.highest_percent:.0f} % at most), "
            f"{self.highest_bytes / 2**20:.0f} MiB in use at most"
        )


@contextlib.contextmanager
def _nvml() -> Iterator[ModuleType | None]:
    """Lend NVIDIA's management library while it is open; None without driver or library."""
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
    """Return the NVIDIA driver's version and each GPU's name; "" and none without a driver."""
    with _nvml() as library:
        if library is None:
            return "", []
        names = [library.nvmlDeviceGetName(handle) for handle in _handles(library)]
        return library.nvmlSystemGetDriverVersion(), names


@contextlib.contextmanager
def watch_gpu(every_seconds: float = 0.5) -> Iterator[list[GpuUse]]:
    """Sample every GPU beside what runs in the block; lend a list that is filled at its end.

    Args:
        every_seconds: between two samples; the first is taken at once.

    >>> with watch_gpu() as uses:
    ...     total = sum(range(1000))
    >>> all(use.highest_percent >= use.mean_percent for use in uses)  # no GPU: none to compare
    True
    """
    uses: list[GpuUse] = []
    with _nvml() as library:
        if library is None:
            yield uses
            return
        samples: list[list[tuple[float, float]]] = []
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
            for handle, seen in zip(handles, zip(*samples, strict=True), strict=False):
                uses.append(_summarise(library.nvmlDeviceGetName(handle), seen))


def _watch(
    library: ModuleType,
    handles: list[Any],
    samples: list[list[tuple[float, float]]],
    ended: threading.Event,
    every_seconds: float,
) -> None:
    """Append a row a sample, (per cent, bytes) for each GPU, until told to end."""
    with contextlib.suppress(library.NVMLError):  # a GPU that will not tell does no harm
        while True:
            samples.append(
                [
                    (
                        library.nvmlDeviceGetUtilizationRates(handle).gpu,
                        library.nvmlDeviceGetMemoryInfo(handle).used,
                    )
                    for handle in handles
                ]
            )
            if ended.wait(every_seconds):
                return


def _summarise(name: str, samples: tuple[tuple[float, float], ...]) -> GpuUse:
    """Return the means and maxima of one GPU's samples.

    >>> _summarise("T4", ((10, 100), (30, 500)))  # doctest: +ELLIPSIS
    GpuUse(name='T4', samples=2, mean_percent=20.0, highest_percent=30, mean_bytes=300.0, ...)
    """
    percents, sizes = zip(*samples, strict=True)
    return GpuUse(name, len(samples), fmean(percents), max(percents), fmean(sizes), max(sizes))
