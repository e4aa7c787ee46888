"""The runner against notebooks that go wrong, each in one way, and against its own death."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest
from tiny import PATIENCE, is_gone, kernel_of, wait_for, waiting, write_notebook, writing

from coincast.paths import PACKAGE, ROOT
from coincast.runner.execution import Limits, Task, collect_made, execute
from coincast.runner.notebook.tasks import make_task
from coincast.runner.pool import run_tasks
from coincast.runner.reproduction import Places, reproduce, task_states

pytestmark = [pytest.mark.fault, pytest.mark.notebook]
RUNNER = ROOT / "tests" / "support" / "runner.py"
OLD = {"line.png": "old", "07_any.json": '{"values": {}}'}
USER_ERROR = 'from coincast.errors import PriceError; raise PriceError("low above open")'
LOOP = "while True:\n    pass"
HOARD = "import time\nheap = []\nwhile True:\n    heap.append(b'x' * 2**24)\n    time.sleep(0.1)"


@pytest.fixture
def notebooks(tmp_path):
    return tmp_path / "notebooks"


@pytest.fixture
def places(tmp_path):
    """Return the folders of a run; a figure and numbers of an earlier run are there."""
    out = tmp_path / "figs"
    out.mkdir()
    for name, content in OLD.items():
        (out / name).write_text(content)
    return Places(out, tmp_path / "build")


def run(places, *notebooks, jobs=1, **limits):
    """Run notebooks in this process; return their outcomes by name."""
    tasks = [make_task(notebook, {}, Limits(**limits)) for notebook in notebooks]
    pool = functools.partial(run_tasks, jobs=jobs, work=places.build / "work")
    return {outcome.task.name: outcome for outcome in reproduce(task_states(tasks, places), pool)}


@contextlib.contextmanager
def start(notebooks, places):
    """Start the runner as a process of its own; none is left when the test ends."""
    command = [sys.executable, str(RUNNER), notebooks, places.out, places.build, "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def is_untouched(places):
    return all((places.out / name).read_text() == content for name, content in OLD.items())


@pytest.mark.parametrize(
    ("fault", "status", "problem"),
    [
        ("1 / 0", "failed", "cell 3: ZeroDivisionError: division by zero"),
        (USER_ERROR, "failed", "low above open"),
        ("import os; os.kill(os.getpid(), 9)", "died", "cell 3: its kernel died"),
        ("raise SystemExit(0)", "failed", "cell 3: SystemExit: it ended the notebook before"),
        ("import os; os.kill(os.getppid(), 9)", "died", "cell 3: its process died (exit status"),
    ],
)
def test_reproduce_publishes_nothing_after_a_fault(notebooks, places, fault, status, problem):
    outcome = run(places, write_notebook(notebooks, writing(), fault, "never = 1"))["07_any"]
    assert outcome.problem.startswith(problem)
    assert len(outcome.problem.splitlines()) == 1
    assert (outcome.result.status, outcome.result.bad_input) == (status, fault == USER_ERROR)
    assert is_untouched(places)
    assert not places.manifests.exists()


@pytest.mark.parametrize(
    ("cell", "limits", "status", "problem"),
    [
        (LOOP, {"seconds": 6}, "time", "still running after 0.1 min; see --timeout"),
        (HOARD, {"gib": 0.7}, "memory", "limit 0.7; see --memory"),
    ],
    ids=["time", "memory"],
)
def test_reproduce_ends_a_notebook_at_its_limit(notebooks, places, cell, limits, status, problem):
    outcome = run(places, write_notebook(notebooks, writing(), cell), **limits)["07_any"]
    assert outcome.result.status == status
    assert problem in outcome.problem
    assert 2 < outcome.result.seconds < limits.get("seconds", PATIENCE) + 2
    assert 0 < outcome.result.peak_gib < 1.2
    assert is_untouched(places)


def test_reproduce_finishes_the_other_notebooks_and_keeps_a_report(notebooks, places):
    bad = write_notebook(notebooks, "zero = 0\nprint('here')\n1 / zero", name="01_bad")
    good = write_notebook(notebooks, writing("line.png", "02_good.json"), name="02_good")
    outcomes = run(places, bad, good)
    assert outcomes["02_good"].problem == ""
    assert (places.out / "line.png").read_text() == "ethereum 4"
    report = (places.build / "failures" / "01_bad.txt").read_text()
    assert "source of cell 2:\n    zero = 0\n    print('here')\n    1 / zero" in report
    assert "ZeroDivisionError: division by zero" in report
    assert "\x1b" not in report
    assert "here" in (places.build / "failures" / "01_bad.ipynb").read_text()


def test_execute_does_not_take_an_exit_in_the_last_cell_for_an_end(tmp_path):
    notebook = write_notebook(tmp_path, "import sys", "sys.exit(0)")
    result = execute(Task("07_any", notebook.read_text()), tmp_path / "work")
    assert (result.status, result.made) == ("failed", {})
    assert result.problem.startswith("cell 3: SystemExit")


NAP = f"299.{os.getpid()}"  # seconds; tells these naps from those of tests in other processes


def naps():
    """Return the processes that a notebook left asleep."""
    found = psutil.process_iter(["cmdline"])
    return [process.pid for process in found if process.info["cmdline"] == ["sleep", NAP]]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no subreaper")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (f"nohup sleep {NAP} >/dev/null 2>&1 &", "1"),
        (f"(setsid sh -c 'sleep {NAP} & sleep {NAP} &' &) >/dev/null 2>&1", "1 / 0"),
        (f"env -i nohup sleep {NAP} >/dev/null 2>&1 &", "os._exit(0)"),
        (f"nohup sleep {NAP} >/dev/null 2>&1 &", "os.kill(os.getppid(), 9)"),
    ],
    ids=["finished", "failed", "kernel dead", "its own process killed"],
)
def test_execute_leaves_no_process_that_lost_its_parent(tmp_path, start, end):
    source = f"import os; os.system({start!r}); {end}"
    execute(Task("07_any", write_notebook(tmp_path, source).read_text()), tmp_path / "work")
    assert naps() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_runner_leaves_no_process_and_no_folder_when_it_is_killed(
    notebooks, places, tmp_path, number
):
    nap = f"import os; os.system('nohup sleep {NAP} >/dev/null 2>&1 &')"
    write_notebook(notebooks, nap, waiting(tmp_path))
    with start(notebooks, places) as runner:
        kernel = kernel_of(tmp_path)
        assert sys.platform != "linux" or naps()
        runner.send_signal(number)
        ended = time.monotonic()
        _, problem = runner.communicate(timeout=PATIENCE)
    wait_for(lambda: is_gone(kernel) and not naps())
    assert time.monotonic() - ended < 5
    assert "Traceback" not in problem
    if number == signal.SIGKILL:  # then the next call cleans up
        with places.locked():
            pass
    else:
        assert runner.returncode == 128 + number
    assert not (places.build / "work").exists()


def test_reproduce_publishes_what_was_recorded_and_names_the_rest(notebooks, places):
    stray = """
(folder / "folder").mkdir()
(folder / "folder" / "inner.png").touch()
(folder / "stray.txt").write_text("x")
(folder / "line2.png").symlink_to("/etc/passwd")
os.mkfifo(folder / "pipe")
"""
    outcome = run(places, write_notebook(notebooks, writing(), stray))["07_any"]
    assert (outcome.problem, sorted(outcome.result.made)) == ("", ["07_any.json", "line.png"])
    assert outcome.result.refused == ("folder", "line2.png", "pipe", "stray.txt")
    assert sorted(path.name for path in places.out.iterdir()) == ["07_any.json", "line.png"]


@pytest.mark.parametrize("record", ["[]", "{", "[" * 100_000, '{"figures": 1}'])
def test_collect_made_refuses_figures_of_a_record_that_is_none(tmp_path, record):
    (tmp_path / "line.png").touch()
    (tmp_path / "07_any.json").write_text(record)
    assert collect_made(tmp_path, "07_any") == ({}, ("07_any.json", "line.png"))


def test_execute_caps_what_a_notebook_shows(tmp_path):
    flood = """
for _ in range(200):
    print("x" * 2**20)
    display({"text/html": "x" * 2**16}, raw=True)
"""
    notebook = write_notebook(tmp_path, flood, writing(), "1 / 0")
    result = execute(Task("07_any", notebook.read_text()), tmp_path / "work")
    assert len(result.executed) < 25 * 2**20
    assert "the rest is left out" in result.executed
    assert result.problem == "cell 4: ZeroDivisionError: division by zero"


def test_execute_tells_no_password(tmp_path):
    notebook = write_notebook(tmp_path, "raise OSError(url)", parameters="url = ''")
    url = "http://ann:secret@127.0.0.1/{coin}"
    task = Task("07_any", notebook.read_text(), {"url": url})
    result = execute(task, tmp_path / "work")
    assert result.problem == "cell 2: OSError: http://***@127.0.0.1/{coin}"
    assert "secret" not in result.executed + result.report + result.log


def two_notebooks(notebooks, folder):
    """Write one that ends at once and one that waits at a gate."""
    write_notebook(notebooks, writing("first.png", "01_first.json"), name="01_first")
    second = writing("line.png", "02_second.json")
    write_notebook(notebooks, waiting(folder), second, name="02_second")


def test_runner_works_alone_in_its_folder_and_goes_on_where_it_was_killed(
    notebooks, places, tmp_path
):
    two_notebooks(notebooks, tmp_path)
    with start(notebooks, places) as runner:
        kernel = kernel_of(tmp_path)
        with start(notebooks, places) as other:
            told, problem = other.communicate(timeout=PATIENCE)
        assert (other.returncode, told, len(problem.splitlines())) == (2, "", 1)
        assert f"another run is working in {places.build}" in problem
        runner.kill()
    wait_for(lambda: is_gone(kernel))
    assert is_untouched(places)
    (tmp_path / "gate").touch()
    with start(notebooks, places) as again:
        told, problem = again.communicate(timeout=PATIENCE)
    assert (again.returncode, problem) == (0, "")
    assert "01_first started" not in told
    assert "02_second started: never run here" in told
    assert (places.out / "line.png").read_text() == "ethereum 4"


def test_runner_stops_at_ctrl_c_and_says_what_it_finished(notebooks, places, tmp_path):
    two_notebooks(notebooks, tmp_path)
    with start(notebooks, places) as runner:
        kernel = kernel_of(tmp_path)
        runner.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        told, problem = runner.communicate(timeout=PATIENCE)
        assert time.monotonic() - interrupted < 5
    assert (runner.returncode, problem) == (130, "runner.py: interrupted\n")
    table = told.split("figures\n")[1].splitlines()
    assert table[0].endswith("first.png")
    assert table[1].endswith("not run (never run here)")
    assert is_gone(kernel)
    assert is_untouched(places)


def test_execute_gives_the_kernel_this_package_and_leaves_no_folder(
    tmp_path, tmp_path_factory, monkeypatch
):
    temporary = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    (tmp_path / "coincast.py").write_text("raise ImportError('another coincast')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    notebook = write_notebook(tmp_path, "from coincast.paths import PACKAGE", writing(), "PACKAGE")
    result = execute(Task("07_any", notebook.read_text()), tmp_path / "work")
    assert (result.problem, result.made["line.png"]) == ("", b"ethereum 4")
    assert str(PACKAGE) in str(json.loads(result.executed)["cells"][-1]["outputs"])
    assert not (tmp_path / "work").exists()
    assert not list(temporary.iterdir())
