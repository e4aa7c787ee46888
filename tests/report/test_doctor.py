"""What the doctor makes of what it finds; test_doctor_command.py has it look at this machine."""

import gzip
import json
import shutil

import pandas as pd
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from makers import history_page, make_prices
from server import as_json

from coincast.paths import DATA
from coincast.prices.days import ONE_DAY, today
from coincast.records.gpu import driver_and_names
from coincast.report import doctor, probes
from coincast.report.doctor import OK, PROBLEM, WARNING

GIB = 2**30
SEEN = {"gpus": ["T4"], "xla": "", "cudnn_lstm": ""}
UNSEEN = {"gpus": [], "xla": "", "cudnn_lstm": "ValueError: cuDNN is not available"}


@pytest.mark.parametrize(
    ("total", "available", "state"),
    [(24, 22, OK), (24, 3, WARNING), (3, 3, PROBLEM)],
)
def test_memory_is_judged_by_what_a_reproduction_needs(total, available, state):
    finding = doctor.check_memory(total * GIB, available * GIB)
    assert finding.state == state
    assert f"{available:.1f} of {total:.1f} GiB" in finding.told


@pytest.mark.parametrize(("free", "state"), [(70, OK), (5, WARNING), (0.5, PROBLEM)])
def test_disk_is_judged_by_what_can_still_be_written(free, state):
    assert doctor.check_disk(int(free * GIB)).state == state


def test_packages_are_named_where_they_are_not_as_pinned():
    unmet = [f"p{number} 1.0, pinned ==2.0" for number in range(5)]
    finding = doctor.check_packages(unmet)
    assert (finding.state, doctor.check_packages([]).state) == (PROBLEM, OK)
    assert "p0 1.0, pinned ==2.0" in finding.told
    assert finding.told.endswith("and 2 more")


@pytest.mark.parametrize(
    ("variable", "file", "state"),
    [
        ("", None, OK),
        ("", '{"backend": "tensorflow"}', OK),
        ("tensorflow", '{"backend": "torch"}', OK),
        ("", '{"backend": "torch"}', PROBLEM),
        ("torch", None, PROBLEM),
        ("jax", None, WARNING),
        ("", "{", OK),
    ],
)
def test_backend_is_what_keras_would_choose(tmp_path, variable, file, state):
    if file is not None:
        (tmp_path / "keras.json").write_text(file)
    environment = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": variable}
    assert doctor.check_backend(environment).state == state


@pytest.fixture
def data(tmp_path):
    shutil.copytree(DATA, tmp_path / "data", ignore=shutil.ignore_patterns("cache"))
    return tmp_path / "data"


def test_data_is_ok_as_committed_and_when_packed_anew(data):
    assert doctor.check_data(data).state == OK
    path = data / "daily.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    assert doctor.check_data(data).state == OK


def change_price(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"1.5", b"1.6", 1)))


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize("damage", [change_price, cut, lambda path: path.unlink()])
@pytest.mark.parametrize("name", ["daily.csv.gz", "hourly.csv.gz"])
def test_data_is_a_problem_when_it_is_not_what_its_readme_says(data, damage, name):
    damage(data / name)
    finding = doctor.check_data(data)
    assert finding.state == PROBLEM
    assert name.removesuffix(".gz") in finding.told
    assert "git checkout data" in finding.remedy


def findings(found, **options):
    return {finding.name: finding for finding in doctor.check_gpu(found, **options)}


def test_gpu_is_not_missed_where_nobody_needs_one():
    found = findings({"tensorflow": UNSEEN, "jax": UNSEEN}, driver=False, needed=False)
    assert {finding.state for finding in found.values()} == {OK}
    assert "cuDNN LSTM on jax" not in found


@pytest.mark.parametrize(("driver", "needed"), [(True, False), (False, True)])
def test_gpu_is_a_problem_where_an_engine_does_not_see_it(driver, needed):
    found = findings({"tensorflow": SEEN, "jax": UNSEEN}, driver=driver, needed=needed)
    assert found["tensorflow"].state == OK
    assert "T4" in found["tensorflow"].told
    assert found["jax"].state == PROBLEM
    assert "nvidia-smi" in found["jax"].remedy


def test_gpu_is_a_problem_where_it_cannot_run_a_cudnn_lstm_or_xla():
    broken = {"gpus": ["T4"], "xla": "InternalError: ptxas", "cudnn_lstm": "ValueError: no cuDNN"}
    found = findings({"tensorflow": SEEN, "jax": broken}, driver=True, needed=True)
    assert found["cuDNN LSTM on tensorflow"].state == OK
    assert (found["cuDNN LSTM on jax"].state, found["jax"].state) == (PROBLEM, PROBLEM)
    assert "no cuDNN" in found["cuDNN LSTM on jax"].told
    assert "ptxas" in found["jax"].told


def test_engine_that_does_not_start_is_a_problem_in_one_line():
    found = findings({"jax": {"error": "No module named 'jaxlib'"}}, driver=False, needed=False)
    assert found["jax"].state == PROBLEM
    assert str(found["jax"]).startswith("problem  jax: does not start: No module named 'jaxlib'; ")


def test_kernel_is_a_problem_where_a_users_own_stands_in_its_way(tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    told = {"argv": ["/gone/bin/python", "-m", "ipykernel"], "display_name": "", "language": ""}
    (folder / "kernel.json").write_text(json.dumps(told))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "/gone/bin/python"
    kernel = next(iter(doctor.check_tools()))
    assert (kernel.state, kernel.told) == (
        PROBLEM,
        "'python3' would start /gone/bin/python, not there",
    )


def test_tools_are_a_warning_where_a_program_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    *_, tools = doctor.check_tools()
    assert tools.state == WARNING
    assert tools.told == "no git, no chromium, no chromedriver"


def test_network_probe_counts_the_days_that_a_server_tells(server):
    last = pd.Timestamp(today() - ONE_DAY)
    week = make_prices(7, seed=1, start=str((last - pd.Timedelta(days=6)).date()))
    server.pages["/data-api/v3.1/cryptocurrency/historical"] = as_json(history_page(week))
    found = probes.probe_network(server.url)
    assert found == {"days": 7}
    assert doctor.check_network(found).state == OK


def test_network_probe_says_in_one_line_what_is_wrong_with_an_answer(server):
    server.pages["/data-api/v3.1/cryptocurrency/historical"] = as_json("[]")
    found = probes.start("network", server.url)
    finding = doctor.check_network(found)
    assert finding.state == PROBLEM
    assert "bitcoin" in finding.told
    assert "\n" not in str(finding)


@pytest.mark.command
@pytest.mark.parametrize("name", ["tensorflow", "jax"])
def test_probe_compiles_by_xla_and_tries_a_cudnn_lstm(name):
    found = probes.start(name, seconds=120)
    assert found["xla"] == ""
    assert len(found["gpus"]) == len(driver_and_names()[1])
    assert found["gpus"] or "cudnn" in found["cudnn_lstm"].lower()


def test_probe_is_ended_when_it_takes_too_long():
    assert probes.start("jax", seconds=0.05) == {"error": "no answer in 0 s"}


def test_probe_that_fails_says_why_in_one_line():
    found = probes.start("torch")
    assert found["error"].startswith("backend 'torch' is unknown")
