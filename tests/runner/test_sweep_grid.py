"""Grids of parameters: what the command line may say, and the runs that come of it."""

import pytest
from tiny import DEFAULTS, write_notebook

from coincast.errors import InputError
from coincast.runner.sweeps.grid import grid_points, parse_grid

FIFTY = ",".join(map(str, range(1, 51)))


@pytest.fixture
def notebook(tmp_path):
    """Return a notebook with coin, lags, dropout, quick, the list coins, and units."""
    return write_notebook(tmp_path, parameters=f"{DEFAULTS}\nunits = 12")


def test_parse_grid_types_values_as_a_single_parameter_would(notebook):
    grid = parse_grid(["lags=8,2", "dropout=0,0.5", "quick=true,false", "coin=eos"], notebook)
    assert grid == {
        "lags": [8, 2],
        "dropout": [0.0, 0.5],
        "quick": [True, False],
        "coin": ["eos"],
    }
    assert [type(value) for value in grid["dropout"]] == [float, float]


def test_parse_grid_joins_the_items_of_a_list_by_plus(notebook):
    assert parse_grid(["coins=eos+xrp,dash"], notebook) == {"coins": [["eos", "xrp"], ["dash"]]}


@pytest.mark.parametrize(
    ("sweeps", "message"),
    [
        (["lag=2,4"], "did you mean 'lags'"),
        (["lags"], "NAME=VALUE"),
        (["lags=2,x"], "lags=x"),
        (["lags=2,,4"], "lags=2,,4' .*empty"),
        (["coin="], "coin=' .*empty"),
        (["coins=a+,b"], "empty"),
        (["lags=2,4,2"], "'2' twice"),
        (["dropout=0.5,.5"], "'.5' twice"),
        (["lags=2", "lags=4"], "lags is swept twice"),
        ([f"lags={FIFTY}", "units=" + FIFTY], "50 x 50 = 2500 .*1000"),
        (["lags=" + "2," * 2000], "2001 values"),
        (["lags=2," + "-" * 100_000 + "1"], "100001 characters"),
        (["lags=4,\x1b[2J"], r"\\x1b\[2J"),
    ],
)
def test_parse_grid_refuses_what_cannot_be_run(notebook, sweeps, message):
    with pytest.raises(InputError, match=message):
        parse_grid(sweeps, notebook)


def test_parse_grid_refuses_a_name_that_has_its_value(notebook):
    with pytest.raises(InputError, match="lags=2,4': lags"):
        parse_grid(["lags=2,4"], notebook, fixed=["coin", "lags"])


def test_runs_of_takes_every_combination_once_in_order(notebook):
    runs = grid_points(parse_grid(["coin=xrp,eos", "lags=4,2,3"], notebook))
    assert [tuple(run.parameters.values()) for run in runs] == [
        ("xrp", 4), ("xrp", 2), ("xrp", 3), ("eos", 4), ("eos", 2), ("eos", 3)
    ]  # fmt: skip
    assert runs[1].name == "coin=xrp,lags=2"


def test_runs_of_gives_every_run_a_folder_that_any_system_takes():
    texts = ["a/b", "a b", "../x", "A", "a", "x" * 400, "x" * 401, "é", ""]
    names = [run.name for run in grid_points({"url": texts})]
    assert len({name.lower() for name in names}) == len(texts)
    for name in names:
        assert not set(name) & set('/\\:*?"<>| ')
        assert len(name) < 150
        assert name.isascii()
