"""Sweeps from the command line to the table, on tiny notebooks and real processes."""

import csv

import pytest
import reproduce
from tiny import write_notebook

from coincast.runner import reproduction
from coincast.runner.execution import Limits
from coincast.runner.sweeps.grid import parse_grid
from coincast.runner.sweeps.sweep import Sweep

pytestmark = pytest.mark.notebook
# Records scores that tell the parameters; litecoin with 4 lags fails.
RECORD = """
import json, os, pathlib
assert (coin, lags) != ("litecoin", 4), "no such prices"
folder = pathlib.Path(os.environ["COINCAST_OUT"])
folder.mkdir(parents=True)
row = {"mae": lags / 100, "n": 9, "low": lags / 200, "high": lags / 50}
values = {"coin": coin, "evaluation": {"no_change": row, "lstm": row | {"mae": lags / 90}}}
(folder / "07_any.json").write_text(json.dumps({"values": values}))
"""
FILES = ("results.csv", "failures.csv", "comparison.png")


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Return a sweep of four runs, one of which fails; locks and work are in the test's folder."""
    monkeypatch.setattr(reproduction, "BUILD", tmp_path / "build")
    notebook = write_notebook(tmp_path, RECORD)
    grid = parse_grid(["coin=litecoin,eos", "lags=2,4"], notebook)
    return Sweep(notebook, grid, tmp_path / "sweep", {"quick": True})


def run(sweep, **how):
    """Run a sweep as the command does; return its exit status."""
    return reproduce.carry_out_sweep(sweep, Limits(), fresh=False, **how)


def contents(sweep):
    return {name: (sweep.folder / name).read_bytes() for name in FILES}


def test_sweep_writes_what_finished_names_what_failed_and_goes_on_from_there(sweep, capsys):
    assert run(sweep, jobs=2) == 1
    with (sweep.folder / "results.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "evaluation.lstm.mae"]
    assert [(row["coin"], row["lags"], float(row["value"])) for row in rows] == [
        ("litecoin", "2", 2 / 90), ("eos", "2", 2 / 90), ("eos", "4", 4 / 90)
    ]  # fmt: skip
    failures = (sweep.folder / "failures.csv").read_text().splitlines()
    assert failures == ["coin,lags,problem", "litecoin,4,cell 2: AssertionError: no such prices"]
    assert (sweep.folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "3 of 4 runs are in the table" in told
    assert "FAILED: cell 2: AssertionError: no such prices (more in " in told

    first = contents(sweep)
    (sweep.folder / "coin=eos,lags=2" / "07_any.json").unlink()
    assert run(sweep, jobs=1) == 1
    started = [line for line in capsys.readouterr().out.splitlines() if " started: " in line]
    assert started == [
        "coin=litecoin,lags=4 started: never run here",
        "coin=eos,lags=2 started: missing: 07_any.json",
    ]
    assert contents(sweep) == first


def test_sweep_says_that_there_is_no_figure_where_nothing_is_evaluated(sweep, capsys):
    plain = RECORD.replace("evaluation", "settings")
    write_notebook(sweep.notebook.parent, plain)
    one = Sweep(sweep.notebook, {"lags": [2]}, sweep.folder)
    (sweep.folder).mkdir()
    (sweep.folder / "comparison.png").write_text("of an older run")
    assert run(one, jobs=1) == 0
    assert "no figure: 07_any records no table of scores" in capsys.readouterr().out
    assert not (sweep.folder / "comparison.png").exists()
    assert "2,settings.no_change.mae,0.02\n" in (sweep.folder / "results.csv").read_text()
