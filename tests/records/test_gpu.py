"""GPU watching, with a stand-in for NVIDIA's library: the machines of these tests have no GPU."""

import sys
import threading
from types import SimpleNamespace

import pytest

from coincast.records import gpu, machine

NAMES = ["GPU 0", "GPU 1"]


class NVMLError(Exception):
    pass


@pytest.fixture
def library(monkeypatch):
    """Stand in for NVIDIA's library on a machine with two GPUs, the second ever busier."""
    percents = iter(range(0, 10_000, 10))
    stand_in = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlSystemGetDriverVersion=lambda: "570.1",
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: f"GPU {handle}",
        nvmlDeviceGetUtilizationRates=lambda handle: SimpleNamespace(
            gpu=next(percents) if handle else 5
        ),
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=(handle + 1) * 2**20),
    )
    monkeypatch.setitem(sys.modules, "pynvml", stand_in)
    return stand_in


def test_watch_gpu_is_empty_and_starts_no_thread_without_a_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)  # as where the library is not installed
    before = threading.active_count()
    with gpu.watch_gpu() as uses:
        assert threading.active_count() == before
    assert uses == []


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlDeviceGetMemoryInfo"])
def test_watch_gpu_is_empty_where_the_driver_gives_no_answer(library, monkeypatch, call):
    def refuse(*_):
        raise NVMLError

    monkeypatch.setattr(library, call, refuse)
    with gpu.watch_gpu() as uses:
        pass
    assert uses == []
    assert gpu.driver_and_names() == (("", []) if call == "nvmlInit" else ("570.1", NAMES))


@pytest.mark.usefixtures("library")
def test_watch_gpu_gives_means_and_maxima_of_each_gpu():
    with gpu.watch_gpu(every_seconds=0.001) as uses:
        threading.Event().wait(0.1)
    first, second = uses
    assert (first.name, first.mean_percent, first.highest_percent) == ("GPU 0", 5, 5)
    assert second.highest_percent == 10 * (second.samples - 1)
    assert second.mean_percent == second.highest_percent / 2
    assert second.highest_bytes == 2 * 2**20
    assert str(first) == "GPU 0: 5 % busy (5 % at most), 1 MiB in use at most"


@pytest.mark.usefixtures("library")
def test_watch_gpu_fills_its_list_when_the_block_fails():
    with pytest.raises(ValueError, match="stop"), gpu.watch_gpu() as uses:
        raise ValueError("stop")
    assert [use.samples for use in uses] == [1, 1]


@pytest.mark.usefixtures("library")
def test_summary_names_gpus_and_driver():
    told = machine.summary()
    assert (told["gpus"], told["driver"]) == (NAMES, "570.1")


def test_memory_is_that_of_the_container_where_it_is_less(tmp_path):
    (tmp_path / "memory.max").write_text(f"{2**20}\n")
    (tmp_path / "memory.current").write_text(f"{2**18}\n")
    assert machine.memory(tmp_path) == (2**20, 2**20 - 2**18)


@pytest.mark.parametrize("limit", ["max\n", None])
def test_memory_is_the_machines_without_a_limit(tmp_path, limit):
    if limit:
        (tmp_path / "memory.max").write_text(limit)
    total, available = machine.memory(tmp_path)
    assert 2**28 < available <= total
