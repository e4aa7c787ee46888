"""The runner against notebooks that go wrong, each in one way."""

import pytest
from tiny import WRITE, write_notebook

from coincast.errors import InputError
from coincast.reproduction import Places, find_notebooks, make_task, reproduce
from coincast.tasks import Limits


@pytest.fixture
def places(tmp_path):
    """Return the folders of a run; a figure and numbers of an earlier run are there."""
    out = tmp_path / "figs"
    out.mkdir()
    (out / "line.png").write_text("old")
    (out / "07_any.json").write_text("old")
    return Places(tmp_path / "notebooks", out, tmp_path / "build")


def run(places, *sources, **parameters):
    """Run a notebook of these cells; return its outcome."""
    notebook = write_notebook(places.notebooks, *sources)
    (outcome,) = reproduce([make_task(notebook, parameters, Limits())], places)
    return outcome


def is_untouched(places):
    return [path.read_text() for path in places.out.iterdir()] == ["old", "old"]


@pytest.mark.notebook
def test_reproduce_publishes_what_a_whole_run_made(places):
    outcome = run(places, WRITE, coin="litecoin", lags=2)
    assert (outcome.problem, outcome.figures) == ("", ("line.png",))
    assert (places.out / "line.png").read_text() == "litecoin 2"
    assert (places.out / "07_any.json").read_text() == "new"
    assert "litecoin" in (places.build / "07_any.ipynb").read_text()


@pytest.mark.notebook
@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("1 / 0", "cell 3: ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", "cell 3: its kernel died"),
        ("raise SystemExit(0)", "cell 3: SystemExit: it ended the notebook before the last"),
    ],
)
def test_reproduce_publishes_nothing_after_a_fault(places, fault, problem):
    outcome = run(places, WRITE, fault, "never = 1", lags=2)
    assert problem in outcome.problem
    assert len(outcome.problem.splitlines()) == 1
    assert not outcome.result.bad_input
    assert is_untouched(places)


@pytest.mark.notebook
def test_reproduce_keeps_cell_and_traceback_for_the_programmer(places):
    run(places, "zero = 0\n1 / zero")
    report = (places.build / "failures" / "07_any.txt").read_text()
    assert "source of cell 2:\n    zero = 0\n    1 / zero" in report
    assert "ZeroDivisionError" in report
    assert "\x1b" not in report


@pytest.mark.notebook
def test_reproduce_passes_on_the_one_line_of_a_user_error(places):
    outcome = run(places, 'from coincast.errors import PriceError; raise PriceError("low above")')
    assert (outcome.problem, outcome.result.bad_input) == ("low above", True)


def test_find_notebooks_names_the_nearest_when_misspelt(tmp_path):
    write_notebook(tmp_path, name="02_ethereum_lstm")
    with pytest.raises(InputError, match="'02_etherum_lstm' does not exist; did you mean '02_eth"):
        find_notebooks(["02_etherum_lstm"], tmp_path)


def test_find_notebooks_returns_each_once_in_order(tmp_path):
    for name in ("03_c", "01_a", "02_b"):
        write_notebook(tmp_path, name=name)
    assert [path.stem for path in find_notebooks([], tmp_path)] == ["01_a", "02_b", "03_c"]
    named = find_notebooks(["03_c", "01_a.ipynb", "03_c"], tmp_path)
    assert [path.stem for path in named] == ["01_a", "03_c"]
