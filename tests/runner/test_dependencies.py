"""Notebooks that read what others have recorded."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from clusters import local_cluster
from tiny import kernel_of, recording, waiting, write_notebook

from coincast.errors import InputError
from coincast.records.plain_json import json_hash
from coincast.runner import reproduction
from coincast.runner.cluster import run_on_cluster
from coincast.runner.execution import Limits, Result
from coincast.runner.notebook.tasks import find_notebooks, make_task, notices
from coincast.runner.pool import run_tasks
from coincast.runner.progress import run_and_report
from coincast.runner.reproduction import Places, reproduce, task_states

READING = """
from coincast.records import results
doubled = {"twice": 2 * results.read("02_a")["number"]}
"""


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduction, "FIGS", tmp_path / "committed")
    return Places(tmp_path / "figs", tmp_path / "build")


@pytest.fixture
def notebooks(tmp_path):
    """Write one notebook that reads the others' values, although its name comes first."""
    folder = tmp_path / "notebooks"
    write_notebook(folder, recording('{"number": 21}', "02_a"), name="02_a")
    write_notebook(folder, recording('{"number": 5}', "03_b"), name="03_b")
    write_notebook(
        folder, READING, recording("doubled", "01_all"), name="01_all", reads=["02_a", "03_b"]
    )
    return folder


def tasks_of(folder, *names):
    return [make_task(path, {}, Limits(seconds=60)) for path in find_notebooks(names, folder)]


def recorded(number):
    return json.dumps({"values": {"number": number}}).encode()


def engine(numbers, waves=None):
    """Stand in for the pool: each task records its number at once; None fails."""

    def run(tasks):
        if waves is not None:
            waves.append([task.notebook for task in tasks])
        for task in tasks:
            number = numbers.get(task.notebook, 0)
            made = {f"{task.notebook}.json": recorded(number)}
            problem = "" if number is not None else "cell 1: no"
            yield task, Result("finished", problem, made=made, executed="{}")

    return run


def outcomes(places, tasks, run, **how):
    found = reproduce(task_states(tasks, places, **how), run)
    return {one.task.notebook: one.problem or one.result.status for one in found}


def why(places, tasks):
    return {state.task.notebook: state.reason for state in task_states(tasks, places)}


def test_reproduce_runs_a_notebook_after_those_that_it_reads(places, notebooks):
    waves = []
    ended = outcomes(places, tasks_of(notebooks), engine({}, waves))
    assert (waves, set(ended.values())) == ([["02_a", "03_b"], ["01_all"]], {"finished"})
    assert set(why(places, tasks_of(notebooks)).values()) == {""}


def test_reproduce_runs_a_notebook_again_only_when_it_reads_other_values(places, notebooks):
    tasks = tasks_of(notebooks)
    outcomes(places, tasks, engine({}))
    write_notebook(notebooks, "# other", name="02_a")
    tasks = tasks_of(notebooks)
    assert why(places, tasks) == {
        "01_all": "reads 02_a, not up to date",
        "02_a": "notebook changed",
        "03_b": "",
    }
    assert outcomes(places, tasks, engine({})) == {"02_a": "finished", "01_all": "up to date"}
    outcomes(places, tasks_of(notebooks, "02_a"), engine({"02_a": 8}), fresh=True)
    assert why(places, tasks)["01_all"] == "other values recorded by 02_a"
    assert outcomes(places, tasks, engine({})) == {"01_all": "finished"}
    assert outcomes(places, tasks, engine({}), fresh=True).keys() == {"01_all", "02_a", "03_b"}


def test_reproduce_does_not_run_what_reads_a_failed_notebook(places, notebooks):
    outcomes(places, tasks_of(notebooks), engine({}))
    ended = outcomes(places, tasks_of(notebooks), engine({"02_a": None}), fresh=True)
    assert ended["01_all"] == "not run: it reads 02_a, which failed"
    assert ended["03_b"] == "finished"
    assert (places.out / "01_all.json").read_bytes() == recorded(0)  # the earlier ones stay


def test_reproduce_says_what_a_notebook_lacks_and_how_to_get_it(places, notebooks):
    (outcome,) = reproduce(task_states(tasks_of(notebooks, "01_all"), places), engine({}))
    assert outcome.problem == (
        "not run: it reads 02_a, which has no results; "
        "first run python3 scripts/reproduce.py 02_a 03_b"
    )
    assert outcome.result.bad_input


def test_task_states_take_committed_values_that_the_output_folder_lacks(places, notebooks):
    for folder, numbers in ((places.out, {"02_a": 1}), (reproduction.FIGS, {"02_a": 2, "03_b": 3})):
        folder.mkdir()
        for name, number in numbers.items():
            (folder / f"{name}.json").write_bytes(recorded(number))
    (state,) = task_states(tasks_of(notebooks, "01_all"), places)
    hashes = {"02_a": json_hash({"number": 1}), "03_b": json_hash({"number": 3})}
    assert state.manifest["reads"] == hashes
    assert outcomes(places, tasks_of(notebooks, "01_all"), engine({})) == {"01_all": "finished"}


def test_notices_name_outdated_results_that_are_not_renewed_now(places, notebooks, monkeypatch):
    monkeypatch.setenv("COINCAST_NOTEBOOKS", str(notebooks))
    outcomes(places, tasks_of(notebooks), engine({}))  # which record no version of the code
    states = task_states(tasks_of(notebooks, "01_all", "03_b"), places)
    (line,) = notices(state.task for state in states)
    assert line.startswith("01_all reads outdated results of 02_a;")
    assert line.endswith("python3 scripts/reproduce.py 02_a")
    assert not list(notices(state.task for state in task_states(tasks_of(notebooks), places)))


def test_task_states_refuse_a_circle(places, notebooks):
    write_notebook(notebooks, name="02_a", reads=["01_all"])
    with pytest.raises(InputError, match=r"reads 01_all.*: a circle"):
        task_states(tasks_of(notebooks), places)


@pytest.mark.parametrize(
    ("reads", "message"),
    [
        (["02_aa"], r"01_all\.ipynb reads '02_aa'.*did you mean '02_a'"),
        (["../02_a"], r"01_all\.ipynb reads '\.\./02_a'"),
        ("02_a", r"01_all\.ipynb reads '02_a'; .*list"),
        ([3], r"01_all\.ipynb reads '\[3\]'; .*list"),
    ],
)
def test_make_task_refuses_to_read_what_does_not_exist(notebooks, reads, message):
    write_notebook(notebooks, name="01_all", reads=reads)
    with pytest.raises(InputError, match=message):
        tasks_of(notebooks, "01_all")


def test_task_states_name_a_damaged_record(places, notebooks):
    places.out.mkdir()
    (places.out / "02_a.json").write_text("{")
    with pytest.raises(InputError, match=r"02_a\.json is damaged"):
        task_states(tasks_of(notebooks, "01_all"), places)


@pytest.mark.notebook
@pytest.mark.fault
def test_values_are_read_in_the_pool_and_on_a_cluster(places, notebooks, tmp_path):
    told = []
    done = run_and_report(
        task_states(tasks_of(notebooks), places), tmp_path / "work", 2, None, told.append
    )
    assert [one.problem for one in done] == ["", "", ""]
    assert json.loads((places.out / "01_all.json").read_text())["values"] == {"twice": 42}
    assert told.index("01_all started: never run here") > 3  # two starts and two ends
    there = Places(tmp_path / "there", tmp_path / "elsewhere")
    with local_cluster(tmp_path) as cluster:
        states = task_states(tasks_of(notebooks), there)
        ended = list(
            reproduce(states, lambda tasks: run_on_cluster(tasks, cluster.scheduler_address))
        )
    assert [one.problem for one in ended] == ["", "", ""]
    for path in places.out.iterdir():
        assert (there.out / path.name).read_bytes() == path.read_bytes()


@pytest.mark.notebook
@pytest.mark.fault
def test_a_killed_notebook_keeps_what_reads_it_from_running(places, notebooks, tmp_path):
    write_notebook(notebooks, waiting(tmp_path), name="02_a")
    states = task_states(tasks_of(notebooks), places)
    with ThreadPoolExecutor() as pool:
        run = pool.submit(run_and_report, states, tmp_path / "work", 2, None, lambda _: None)
        os.kill(kernel_of(tmp_path), signal.SIGKILL)
        ended = {one.task.notebook: one.problem for one in run.result(timeout=60)}
    assert "died" in ended["02_a"]
    assert (ended["03_b"], ended["01_all"]) == ("", "not run: it reads 02_a, which failed")
    write_notebook(notebooks, recording('{"number": 4}', "02_a"), name="02_a")
    again = reproduce(
        task_states(tasks_of(notebooks), places), lambda tasks: run_tasks(tasks, 2, tmp_path / "w")
    )
    assert [one.task.notebook for one in again] == ["02_a", "01_all"]
    assert json.loads((places.out / "01_all.json").read_text())["values"] == {"twice": 8}
