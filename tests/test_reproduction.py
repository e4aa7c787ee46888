"""The runner against notebooks that go wrong, each in one way."""

import json

import nbformat
import pytest

from coincast import reproduction
from coincast.errors import InputError
from coincast.reproduction import find_notebooks, parse_assignments, run_notebook

DEFAULTS = 'coin = "ethereum"\nlags = 4\ndropout = 0.35\nquick = False\ncoins = ["a", "b"]'
WRITE = """
import os, pathlib
folder = pathlib.Path(os.environ["COINCAST_OUT"])
folder.mkdir(parents=True)
(folder / "line.png").write_text(f"{coin} {lags}")
(folder / "07_any.json").write_text("new")
"""


@pytest.fixture
def make_notebook(tmp_path, monkeypatch):
    """Return a maker of notebooks; the runner works in the test's own folder."""
    monkeypatch.setattr(reproduction, "BUILD", tmp_path / "build")

    def make(*sources, name="07_any"):
        cells = [nbformat.v4.new_code_cell(source) for source in (DEFAULTS, *sources)]
        cells[0].metadata["tags"] = ["parameters"]
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return make


@pytest.fixture
def out(tmp_path):
    """Return a folder that already holds a figure and numbers of an earlier run."""
    folder = tmp_path / "figs"
    folder.mkdir()
    (folder / "line.png").write_text("old")
    (folder / "07_any.json").write_text("old")
    return folder


@pytest.mark.notebook
def test_run_notebook_publishes_what_a_whole_run_made(make_notebook, out):
    source = make_notebook(WRITE)
    before = source.read_bytes()
    outcome = run_notebook(source, {"coin": "litecoin", "lags": 2}, out)
    assert (outcome.problem, outcome.figures) == ("", ("line.png",))
    assert (out / "line.png").read_text() == "litecoin 2"
    assert source.read_bytes() == before


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", "died"),
        ("raise SystemExit(0)", "stopped before this cell"),
    ],
)
def test_run_notebook_publishes_nothing_after_a_fault(make_notebook, out, fault, problem):
    outcome = run_notebook(make_notebook(WRITE, fault, "never = 1"), {}, out)
    assert problem in outcome.problem
    assert len(outcome.problem.splitlines()) == 1
    assert not outcome.bad_input
    assert {path.read_text() for path in out.iterdir()} == {"old"}


@pytest.mark.notebook
def test_run_notebook_keeps_the_traceback_for_the_programmer(make_notebook, out, tmp_path):
    run_notebook(make_notebook("1 / 0"), {}, out)
    report = (tmp_path / "build" / "runs" / "07_any" / "failure.txt").read_text()
    assert "ZeroDivisionError" in report
    assert "\x1b" not in report


@pytest.mark.notebook
def test_run_notebook_passes_on_the_one_line_of_a_user_error(make_notebook, out):
    fault = 'from coincast.errors import PriceError; raise PriceError("low above open")'
    outcome = run_notebook(make_notebook(fault), {}, out)
    assert (outcome.problem, outcome.bad_input) == ("low above open", True)


def test_find_notebooks_names_the_nearest_when_misspelt(make_notebook):
    folder = make_notebook(name="02_ethereum_lstm").parent
    with pytest.raises(InputError, match="'02_etherum_lstm' does not exist; did you mean '02_eth"):
        find_notebooks(["02_etherum_lstm"], folder)


def test_find_notebooks_returns_each_once_in_order(make_notebook):
    folder = {make_notebook(name=name).parent for name in ("03_c", "01_a", "02_b")}.pop()
    assert [path.stem for path in find_notebooks([], folder)] == ["01_a", "02_b", "03_c"]
    named = find_notebooks(["03_c", "01_a.ipynb", "03_c"], folder)
    assert [path.stem for path in named] == ["01_a", "03_c"]


def test_parse_assignments_gives_each_value_its_type(make_notebook):
    path = make_notebook()
    texts = ["coin=2", "lags=8", "dropout=0", "quick=true", "coins=x,y"]
    assert parse_assignments(texts, [path])[path] == {
        "coin": "2",
        "lags": 8,
        "dropout": 0.0,
        "quick": True,
        "coins": ["x", "y"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lag=4", "did you mean 'lags'"),
        ("lags", "is not NAME=VALUE"),
        ("lags=four", "lags=four is of the wrong type: lags is a whole number, for example 4"),
        ("lags=4.5", "of the wrong type"),
        ("lags=True", "of the wrong type"),
        ("dropout=None", "dropout is a number"),
        ("quick=1", "quick is true or false"),
        ("quick=__import__('os')", "of the wrong type"),
    ],
)
def test_parse_assignments_refuses_before_anything_runs(make_notebook, text, message):
    with pytest.raises(InputError, match=message):
        parse_assignments([text], [make_notebook()])


def test_parse_assignments_gives_a_parameter_to_the_notebooks_that_have_it(make_notebook, tmp_path):
    path = make_notebook()
    other = tmp_path / "08_other.ipynb"
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ["lags = 1"]}
    other.write_text(json.dumps({"cells": [cell]}))
    given = parse_assignments(["lags=3", "coin=eos"], [path, other])
    assert given == {path: {"lags": 3, "coin": "eos"}, other: {"lags": 3}}
