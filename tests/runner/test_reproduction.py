"""Which notebooks run and why, and what is published of them."""

import functools
import json
import subprocess
import sys

import pytest
from tiny import write_notebook

from coincast.errors import InputError
from coincast.paths import FIGS, ROOT
from coincast.runner.execution import Limits, Result, Task
from coincast.runner.notebook.tasks import find_notebooks, make_task
from coincast.runner.pool import default_jobs, run_tasks
from coincast.runner.progress import cells_done
from coincast.runner.reproduction import (
    Places,
    output_folder,
    reproduce,
    task_states,
)


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "figs", tmp_path / "build")


def task_of(notebook, **parameters):
    return make_task(notebook, parameters, Limits())


def finish(tasks, made):
    """Stand in for the pool: every task ends at once, having made the same."""
    for task in tasks:
        cost = {"seconds": float(len(task.notebook)), "peak_gib": 1.5, "gpus": ("T4: 15 % busy",)}
        yield task, Result("finished", made=made, executed="{}", **cost)


def settle(places, notebook, made, **parameters):
    """Publish results of a notebook as a run does; return its outcome."""
    states = task_states([task_of(notebook, **parameters)], places)
    (outcome,) = reproduce(states, functools.partial(finish, made=made))
    return outcome


def why(places, notebook, **parameters):
    (state,) = task_states([task_of(notebook, **parameters)], places)
    return state.reason


FIGURE = {"line.png": b"line", "07_any.json": b"{}"}


def test_task_states_finds_a_notebook_up_to_date_after_it_ran(places, tmp_path):
    notebook = write_notebook(tmp_path, "1 + 1")
    assert why(places, notebook) == "never run here"
    assert settle(places, notebook, FIGURE).problem == ""
    (state,) = task_states([task_of(notebook)], places)
    assert (state.reason, state.last["seconds"], state.last["peak_gib"]) == ("", 6.0, 1.5)
    assert state.last["gpus"] == ["T4: 15 % busy"]
    (state,) = task_states([task_of(notebook)], places, fresh=True)
    assert state.reason == "asked for"


def test_task_states_tells_what_changed(places, tmp_path):
    settle(places, write_notebook(tmp_path, "1 + 1"), FIGURE)
    (places.out / "07_any.json").unlink()
    (places.out / "line.png").write_bytes(b"retouched")
    assert why(places, write_notebook(tmp_path, "1 + 2"), lags=8) == (
        "notebook changed; parameter lags 4 -> 8; "
        "missing: 07_any.json; changed since it was made: line.png"
    )


def test_task_states_sees_a_change_of_code_and_series_that_parameters_name(places, tmp_path):
    parameters = 'model = "any:lstm"\nseries = ["markets"]\nheadlines = ""'
    notebook = write_notebook(tmp_path, "1 + 1", parameters=parameters)
    files = [tmp_path / name for name in ("mine.py", "own.csv", "own.json", "scored.CSV")]
    code, own, _, scored = files
    for path in files:
        path.write_text("1")
    series = ["markets", str(own)]
    named = {"model": f"{code}:a", "series": series, "headlines": str(scored)}
    settle(places, notebook, FIGURE, **named)
    assert why(places, notebook, **named) == ""
    for path, kind in zip(files, ("code", "data", "data", "data"), strict=True):
        path.write_text("2")
        assert why(places, notebook, **named) == f"{kind} changed: {path}"
        path.write_text("1")


def test_cells_done_tells_the_section_and_the_last_line_that_was_printed():
    done = {"cell_type": "code", "metadata": {"papermill": {"status": "completed"}}, "source": []}
    title = {"cell_type": "markdown", "metadata": {}, "source": ["## 2 Tests\n", "\n", "Why."]}
    output = {"output_type": "stream", "text": ["fold 1\n", "fold 2\n"]}
    running = {**done, "metadata": {"papermill": {"status": "running"}}, "outputs": [output]}
    text = json.dumps({"cells": [done, title, running, done]})
    assert cells_done(text) == (2, 4, "2 Tests: fold 2")


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [
        ("code", "datasets/windows.py", "code changed: datasets/windows.py"),
        ("code", "gone.py", "code changed: gone.py"),
        ("data", "daily.csv.gz", "data changed: daily.csv.gz"),
        ("versions", "keras", "keras other -> "),
        ("settings", "OMP_NUM_THREADS", "setting changed: OMP_NUM_THREADS"),
    ],
)
def test_task_states_tells_what_else_the_results_were_made_from(places, tmp_path, part, name, told):
    notebook = write_notebook(tmp_path, "import coincast.datasets.windows")
    settle(places, notebook, FIGURE)
    path = places.manifests / "07_any.json"
    manifest = json.loads(path.read_text())
    manifest[part][name] = "other"
    path.write_text(json.dumps(manifest))
    assert why(places, notebook).startswith(told)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "[" * 100_000, '{"a":' * 100_000, '{"outputs": {}}', '{"notebook": 1}'],
)
def test_task_states_mistrusts_a_damaged_manifest(places, tmp_path, content):
    notebook = write_notebook(tmp_path)
    settle(places, notebook, FIGURE)
    (places.manifests / "07_any.json").write_text(content)
    assert why(places, notebook) == "never run here"


@pytest.mark.parametrize("cell", ["-" * 100_000 + "1", "[" * 100_000, "a = '\x00'", "(" * 1000])
def test_task_states_bears_code_that_cannot_be_parsed(places, tmp_path, cell):
    notebook = write_notebook(tmp_path, cell)
    settle(places, notebook, FIGURE)
    assert why(places, notebook) == ""


def test_task_states_tells_no_password(places, tmp_path):
    notebook = write_notebook(tmp_path, parameters='source = "bundled"\nurl = ""')
    settle(places, notebook, FIGURE, source="html", url="http://ann:secret@127.0.0.1/")
    assert "secret" not in (places.manifests / "07_any.json").read_text()
    assert "parameter url 'http://***@127.0.0.1/' -> ''" in why(places, notebook)


def test_task_states_never_trusts_prices_from_elsewhere(places, tmp_path):
    notebook = write_notebook(tmp_path, parameters='source = "html"')
    settle(places, notebook, FIGURE)
    assert why(places, notebook) == "prices of source html may have changed"


def waves_of(states):
    """Return the names that are given to the pool together, in their order."""
    waves = []

    def run(tasks):
        if tasks:
            waves.append([task.notebook for task in tasks])
        yield from ()

    assert list(reproduce(states, run)) == []
    return waves


def test_reproduce_starts_the_longest_first_and_those_unknown_before(places, tmp_path):
    short, long, new = (
        write_notebook(tmp_path, name=name) for name in ("01_a", "02_longer", "03_new")
    )
    for notebook in (short, long):
        settle(places, notebook, {f"{notebook.stem}.json": b"{}"})
    states = task_states(map(task_of, (short, long, new)), places, fresh=True)
    assert waves_of(states) == [["03_new", "02_longer", "01_a"]]


def test_reproduce_gives_the_machine_to_one_that_measures_time(places, tmp_path):
    timed = write_notebook(tmp_path, name="02_timed", alone=True)
    notebooks = [timed, *(write_notebook(tmp_path, name=name) for name in ("01_a", "03_c"))]
    states = task_states(map(task_of, notebooks), places)
    assert waves_of(states) == [["01_a", "03_c"], ["02_timed"]]


def test_reproduce_refuses_a_figure_of_another_notebook(places, tmp_path):
    settle(places, write_notebook(tmp_path, name="01_a"), {"line.png": b"first"})
    second = write_notebook(tmp_path, name="02_b")
    assert settle(places, second, {"line.png": b"second"}).problem == (
        "line.png is made by 01_a already; rename one of the two"
    )
    assert (places.out / "line.png").read_bytes() == b"first"
    assert why(places, second) == "never run here"


DYING = """
import os, sys
from pathlib import Path
from coincast.files import write_together
rename, left = Path.replace, int(sys.argv[2])
def replace(path, target):
    global left
    left -= 1
    return rename(path, target) if left >= 0 else os._exit(9)
Path.replace = replace
folder = Path(sys.argv[1])
write_together({folder / name: b"new" for name in ("line.png", "other.png", "07_any.json")})
"""


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_next_call_notices_a_kill_while_figures_are_published(places, tmp_path, renamed):
    notebook = write_notebook(tmp_path)
    settle(places, notebook, FIGURE | {"other.png": b"other"})
    command = [sys.executable, "-c", DYING, str(places.out), str(renamed)]
    assert subprocess.run(command, check=False).returncode == 9
    assert len(list(places.out.glob(".*"))) == 3 - renamed
    mine = places.out / ".line.png.original"
    mine.touch()
    with places.locked():
        assert (why(places, notebook) == "") == (renamed == 0)
        assert list(places.out.glob(".*")) == [mine]


def test_reproduce_keeps_svgs_apart_from_what_is_committed_and_misses_them(places, tmp_path):
    notebook = write_notebook(tmp_path)
    settle(places, notebook, FIGURE | {"line.svg": b"<svg/>"})
    assert sorted(path.name for path in places.out.iterdir()) == ["07_any.json", "line.png"]
    kept = places.build / "svg" / "line.svg"
    assert (kept.read_bytes(), why(places, notebook)) == (b"<svg/>", "")
    kept.unlink()
    assert why(places, notebook) == "missing: line.svg"
    (kept.parent / ".line.svg.x.coincast-part").touch()  # as a kill leaves it
    places.tidy()
    assert list(kept.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["line.png", "line.svg", "07_any.json"])
def test_reproduce_keeps_all_figures_where_one_cannot_be_replaced(places, tmp_path, name):
    made = FIGURE | {"line.svg": b"<svg/>"}
    settle(places, write_notebook(tmp_path), made | {"a.png": b"a"})
    places.path(name).unlink()
    places.path(name).mkdir()
    outcome = settle(places, write_notebook(tmp_path, "1"), made | {"a.png": b"new"})
    assert outcome.problem.startswith(f"cannot write {places.path(name)}: Is a directory")
    assert (places.out / "a.png").read_bytes() == b"a"


@pytest.mark.parametrize(
    "text", ["", "/", ".", "figs/a", "notebooks", "data/x", "build", "build/manifests", "README.md"]
)
def test_output_folder_refuses_what_is_no_place_for_results(monkeypatch, text):
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match=rf"^--out '\S*{text}' "):
        output_folder(text)


def test_output_folder_leaves_no_trace_and_follows_links(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "to figs").symlink_to(FIGS)
    assert output_folder(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert output_folder(str(tmp_path / "to figs")) == FIGS
    for name in ("circle", "to figs/a"):
        with pytest.raises(InputError, match=r"^--out "):
            output_folder(str(tmp_path / name))
    assert len(list(tmp_path.iterdir())) == 2


def fail(tasks):
    """Stand in for the pool: every task fails."""
    for task in tasks:
        yield task, Result("failed", problem="cell 1: E", executed="{}", report="all", log="told")


def test_reproduce_keeps_the_report_of_a_failure_until_it_is_mended(places, tmp_path):
    settle(places, write_notebook(tmp_path), FIGURE)
    (outcome,) = reproduce(task_states([task_of(write_notebook(tmp_path, "1 / 0"))], places), fail)
    report = places.build / "failures" / "07_any.txt"
    assert outcome.problem == f"cell 1: E (more in {report})"
    assert (report.read_text(), report.with_suffix(".ipynb").read_text()) == ("all", "{}")
    assert (places.build / "logs" / "07_any.txt").read_text() == "told"
    assert (places.out / "line.png").read_bytes() == b"line"
    assert why(places, write_notebook(tmp_path)) == ""  # the earlier results still are
    settle(places, write_notebook(tmp_path, "1 / 1"), FIGURE)
    assert not list(report.parent.iterdir())


def test_reproduce_tells_of_a_folder_that_cannot_be_written(places, tmp_path):
    places.out.write_text("not a folder")
    outcome = settle(places, write_notebook(tmp_path), FIGURE)
    assert outcome.problem.startswith(f"cannot write {places.out}")
    assert not places.manifests.exists()


def test_run_tasks_starts_the_next_after_the_last_was_taken(tmp_path):
    """What cannot be executed ends soon; so the order shows without a kernel."""
    tasks = [Task(name, "{}") for name in ("01_a", "02_b")]
    events = []
    for task, result in run_tasks(tasks, 1, tmp_path, started=lambda t: events.append(t.name)):
        events.append(f"{task.name} {result.status}")
    assert events == ["01_a", "01_a died", "02_b", "02_b died"]


def test_default_jobs_is_at_least_one_and_at_most_the_tasks():
    assert (default_jobs(0), default_jobs(1)) == (1, 1)
    assert 1 <= default_jobs(1000) < 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"cells": [', r"07_any\.ipynb"),
        (b'{"cells": [{"metadata": {}}]}', r"07_any\.ipynb .*KeyError"),
        (b"\xff", r"07_any\.ipynb"),
        (b"[" * 100_000, r"07_any\.ipynb"),
    ],
)
def test_make_task_refuses_what_is_no_notebook(tmp_path, content, message):
    path = tmp_path / "07_any.ipynb"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        make_task(path, {}, Limits())


def test_make_task_refuses_a_value_that_cannot_be(tmp_path):
    notebook = write_notebook(tmp_path, parameters='source = "bundled"\ncoin = "ethereum"')
    with pytest.raises(InputError, match=r"'etherium'.*'ethereum'"):
        make_task(notebook, {"coin": "etherium"}, Limits())


def test_places_of_another_folder_have_their_own_manifests(tmp_path):
    first, second, again = (Places.of(tmp_path / name) for name in ("a", "b", "a"))
    assert first.manifests == again.manifests != second.manifests
    assert Places.of(Places().out) == Places()


def test_places_are_locked_against_other_runs(places):
    same = Places(places.out, places.build)
    with places.locked(), pytest.raises(InputError, match=f"{places.build}.*--out"), same.locked():
        pass
    with places.locked():  # again, after it was released
        pass


def test_find_notebooks_gives_each_once_in_order(tmp_path):
    for name in ("03_c", "01_a", "02_ethereum_lstm"):
        write_notebook(tmp_path, name=name)
    every = [path.stem for path in find_notebooks([], tmp_path)]
    assert every == ["01_a", "02_ethereum_lstm", "03_c"]
    named = find_notebooks(["03_c", "01_a.ipynb", "03_c"], tmp_path)
    assert [path.stem for path in named] == ["01_a", "03_c"]
    with pytest.raises(InputError, match=r"'02_etherum_lstm'.*did you mean '02_ethereum_lstm'"):
        find_notebooks(["02_etherum_lstm"], tmp_path)
