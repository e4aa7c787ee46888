"""What the doctor makes of what it finds; test_doctor_command.py has it look at this machine."""

import gzip
import shutil
import threading
import time

import pandas as pd
import pytest
from makers import history_page, make_prices
from server import as_json

from coincast.paths import DATA
from coincast.prices.days import ONE_DAY, today
from coincast.records.gpu import driver_and_names
from coincast.report import doctor, probes
from coincast.report.doctor import OK, PROBLEM, WARNING

GIB = 2**30
WORKS = {"gpus": ["gpu:0"], "failure": ""}
UNSEEN = {"gpus": [], "failure": ""}


@pytest.mark.parametrize(("free", "state"), [(7.5, OK), (5, WARNING), (0.5, PROBLEM)])
def test_room_is_judged_by_what_is_needed(free, state):
    finding = doctor.check_room("disk", int(free * GIB), 1, 6, "delete something")
    assert finding.state == state
    assert f"{free:.1f} GiB" in finding.message
    assert ("delete something" in str(finding)) == (state != OK)


def compress_again(content):
    return gzip.compress(gzip.decompress(content), 1)


def change_price(content):
    return gzip.compress(gzip.decompress(content).replace(b"1.5", b"1.6", 1))


@pytest.mark.parametrize(
    ("change", "state"),
    [(compress_again, OK), (change_price, PROBLEM), (lambda content: content[:1000], PROBLEM)],
)
def test_data_is_what_its_readme_says_or_a_problem(tmp_path, change, state):
    data = shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("cache"))
    path = data / "daily.csv.gz"
    path.write_bytes(change(path.read_bytes()))
    finding = doctor.check_data(data)
    assert finding.state == state
    assert ("daily.csv" in finding.message) == (state == PROBLEM)


@pytest.mark.parametrize(
    ("engine", "wanted", "state"),
    [
        (UNSEEN, False, OK),
        (WORKS, True, OK),
        (UNSEEN, True, PROBLEM),
        (WORKS | {"failure": "InternalError: ptxas"}, False, PROBLEM),
        ({"error": "No module named 'jaxlib'"}, False, PROBLEM),
    ],
)
def test_engine_is_judged_by_its_trial(engine, wanted, state):
    findings = {
        finding.name: finding for finding in doctor.check_gpu({"jax": engine}, wanted=wanted)
    }
    assert findings["jax"].state == state
    assert engine.get("error", engine.get("failure", "")) in findings["jax"].message
    missed = wanted and not driver_and_names()[1]
    assert findings["GPU"].state == (PROBLEM if missed else OK)


def test_network_probe_counts_the_days_that_a_server_gives(server):
    last = pd.Timestamp(today() - ONE_DAY)
    week = make_prices(7, seed=1, start=str((last - pd.Timedelta(days=6)).date()))
    server.pages["/data-api/v3.1/cryptocurrency/historical"] = as_json(history_page(week))
    found = probes.probe_network(server.url)
    assert found == {"days": 7}
    assert doctor.check_network(found).state == OK
    server.pages.clear()
    finding = doctor.check_network(probes.start("network", server.url))
    assert finding.state == PROBLEM
    assert server.url in finding.message


def test_probe_is_killed_when_it_takes_too_long():
    found = probes.start("jax", seconds=0.05)
    (finding,) = [f for f in doctor.check_gpu({"jax": found}, wanted=False) if f.name == "jax"]
    assert (finding.state, finding.message) == (PROBLEM, "gives no answer in 0 s")
    assert finding.remedy.startswith("try again")


def test_probe_that_nobody_waits_for_ends_before_its_engine_is_loaded():
    stop = threading.Event()
    stop.set()
    started = time.monotonic()
    assert "error" in probes.start("tensorflow", stop=stop)
    assert time.monotonic() - started < 2


def test_examine_reports_every_probe_and_check(monkeypatch):
    monkeypatch.setattr(probes, "start", lambda name, *_, **__: {"error": f"no {name} here"})
    found = {finding.name: finding for finding in doctor.examine(["numpy 1.0"], network="")}
    for name in ("tensorflow", "jax", "network"):
        assert (found[name].state, f"no {name} here" in found[name].message) == (PROBLEM, True)
    assert "numpy 1.0" in found["packages"].message
    assert {"Python", "memory", "disk", "data", "figures", "GPU"} <= found.keys()
