"""Tasks on a Dask cluster of real processes, which are killed, lost or not what they should be."""

import contextlib
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from clusters import local_cluster, started_worker
from tiny import is_gone, kernel_of, wait_for, waiting, write_notebook, writing

from coincast.errors import InputError
from coincast.paths import DATA, PACKAGE
from coincast.runner import cluster as cluster_module
from coincast.runner.cluster import run_on_cluster
from coincast.runner.execution import Limits, Task
from coincast.runner.pool import run_tasks

pytestmark = [pytest.mark.fault, pytest.mark.notebook]
NEVER = Task("07_any", "{}")  # of clusters that are refused before it matters


@pytest.fixture
def cluster(tmp_path):
    with local_cluster(tmp_path) as running:
        yield running


def task_of(folder, *cells, label="", **parameters):
    path = write_notebook(folder, *cells)
    return Task("07_any", path.read_text(), parameters, label, Limits(seconds=60))


def test_run_on_cluster_gives_the_bytes_of_this_machine(cluster, tmp_path):
    tasks = [task_of(tmp_path, writing(), label=f"lags={lags}", lags=lags) for lags in (1, 2)]
    tasks.append(task_of(tmp_path, "1 / 0", label="broken"))
    reading = 'from coincast.records import results; coin = results.read("01_a")["coin"]'
    reader = task_of(tmp_path, reading, writing(), label="reader")
    tasks.append(replace(reader, reads={"01_a": '{"values": {"coin": "xrp"}}'}))
    here = {task.name: result for task, result in run_tasks(tasks, 2, tmp_path / "work")}
    there = {task.name: r for task, r in run_on_cluster(tasks, cluster.scheduler_address)}
    assert {name: r.made for name, r in there.items()} == {name: r.made for name, r in here.items()}
    assert there["lags=2"].made["line.png"] == b"ethereum 2"
    assert there["reader"].made["line.png"] == b"xrp 4"
    assert there["broken"].problem == here["broken"].problem
    assert "ZeroDivisionError" in there["broken"].report


def test_run_on_cluster_goes_on_when_a_worker_is_killed(cluster, tmp_path):
    task = task_of(tmp_path, waiting(tmp_path), writing(), lags=9)
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(list, run_on_cluster([task], cluster.scheduler_address))
        orphan = kernel_of(tmp_path)
        runner, worker = psutil.Process(orphan).parents()[:2]
        worker.kill()
        wait_for(lambda: kernel_of(tmp_path) != orphan)  # on another worker
        wait_for(lambda: is_gone(orphan) and is_gone(runner.pid))
        (tmp_path / "gate").touch()
        ((_, result),) = ended.result(timeout=60)
    assert (result.status, result.made["line.png"]) == ("finished", b"ethereum 9")


def test_run_on_cluster_stops_what_runs_when_it_is_closed(cluster, tmp_path):
    quick = task_of(tmp_path, writing(), label="quick")
    endless = task_of(tmp_path, waiting(tmp_path), label="endless")
    results = run_on_cluster([endless, quick], cluster.scheduler_address)
    assert next(results)[0].name == "quick"
    kernel = kernel_of(tmp_path)
    results.close()
    wait_for(lambda: is_gone(kernel))


def test_run_on_cluster_reports_a_lost_scheduler(tmp_path):
    task = task_of(tmp_path, waiting(tmp_path))
    with ThreadPoolExecutor() as pool:
        with local_cluster(tmp_path, workers=1) as cluster:
            ended = pool.submit(list, run_on_cluster([task], cluster.scheduler_address))
            kernel = kernel_of(tmp_path)
        ((_, result),) = ended.result(timeout=60)
    assert result.status == "died"
    assert "was lost; run it again" in result.problem
    wait_for(lambda: is_gone(kernel))


def test_run_on_cluster_needs_no_cluster_where_nothing_is_to_run():
    assert list(run_on_cluster([], "nowhere")) == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:{free}", "tcp://127.0.0.1:.*`dask scheduler`"),
        ("127.0.0.1", "'127.0.0.1'.*HOST:PORT"),
        ("http://127.0.0.1:{free}", "HOST:PORT"),
        ("tls://127.0.0.1:{free}", "tls://127"),
    ],
)
def test_run_on_cluster_refuses_an_address_where_none_answers(address, message):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        began = time.monotonic()
        with pytest.raises(InputError, match=message):
            list(run_on_cluster([NEVER], address.format(free=taken.getsockname()[1])))
        assert time.monotonic() - began < 8


@pytest.mark.parametrize("kind", ["silent", "http", "drip"])
def test_run_on_cluster_refuses_a_port_of_something_else_in_time(monkeypatch, kind, server):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as pool:
        address = "tcp://{}:{}".format(*listening.getsockname())
        if kind == "drip":
            pool.submit(drip, listening)
        began = time.monotonic()
        with pytest.raises(InputError, match=r"^no Dask scheduler answers at [^\n]+$"):
            list(run_on_cluster([NEVER], server.url[7:] if kind == "http" else address))
        assert time.monotonic() - began < 3


def drip(listening):
    """Send the length of a message that never comes to an end."""
    connection, _ = listening.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"\x80" + b"\0" * 7)
        while True:
            connection.sendall(b"\0")
            time.sleep(0.1)


def test_run_on_cluster_refuses_a_cluster_without_workers(tmp_path):
    with (
        local_cluster(tmp_path, workers=0) as cluster,
        pytest.raises(InputError, match=r"no workers.*`dask worker tcp://"),
    ):
        list(run_on_cluster([NEVER], cluster.scheduler_address))


def test_run_on_cluster_refuses_a_worker_of_other_code(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "src" / "coincast")
    (tmp_path / "data").symlink_to(DATA)
    with (tmp_path / "src" / "coincast" / "datasets" / "windows.py").open("a") as file:
        file.write("CHANGED = True\n")
    task = task_of(tmp_path, "import coincast.datasets.windows", writing())
    with (
        local_cluster(tmp_path, workers=0) as cluster,
        started_worker(cluster.scheduler_address, tmp_path, source=tmp_path / "src"),
        pytest.raises(InputError, match=r"worker tcp://\S+ .*code \(datasets/windows.py\)"),
    ):
        list(run_on_cluster([task], cluster.scheduler_address))
