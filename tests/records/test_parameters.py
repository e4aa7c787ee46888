"""Parameters: what a notebook's cell says, and what a command line may make of it."""

import json

import pytest
from tiny import write_notebook

from coincast.errors import InputError
from coincast.records.parameters import notebook_parameters, parse_assignments


def write_cells(path, *sources):
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": [source]}
        for source in sources
    ]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_notebook_parameters_reads_names_and_literals(tmp_path):
    path = write_cells(tmp_path / "01_x.ipynb", 'coin = "eth"  # a coin\nlags = 4\nq = False')
    assert notebook_parameters(path) == {"coin": "eth", "lags": 4, "q": False}


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["a = 1", "b = 2"], "2 cells"),
        ([], "0 cells"),
        (["import os"], "line 1"),
        (["a = open('x')"], "parameters cell of 01_x"),
        (["a = "], "parameters cell of 01_x"),
        (["a = {[]: 1}"], "parameters cell of 01_x"),
        (["a = " + "-" * 100_000 + "1"], "parameters cell of 01_x"),
        (["a = " + "[" * 100_000], "parameters cell of 01_x"),
    ],
)
def test_notebook_parameters_refuses_a_cell_that_is_more(tmp_path, sources, message):
    path = write_cells(tmp_path / "01_x.ipynb", *sources)
    with pytest.raises(InputError, match=message):
        notebook_parameters(path)


@pytest.mark.parametrize("content", ['{"cells": 3', "[" * 100_000, '{"cells":' * 100_000])
def test_notebook_parameters_refuses_what_is_no_notebook(tmp_path, content):
    path = tmp_path / "01_x.ipynb"
    path.write_text(content)
    with pytest.raises(InputError, match=r"01_x\.ipynb"):
        notebook_parameters(path)


def test_parse_assignments_gives_each_value_its_type(tmp_path):
    path = write_notebook(tmp_path)
    texts = ["coin=xrp", "lags=8", "dropout=0", "quick=true", "coins=bitcoin,eos"]
    assert parse_assignments(texts, [path])[path] == {
        "coin": "xrp",
        "lags": 8,
        "dropout": 0.0,
        "quick": True,
        "coins": ["bitcoin", "eos"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lag=4", "did you mean 'lags'"),
        ("lags", "'lags'"),
        ("lags=four", "lags=four' .*whole number.* 4$"),
        ("lags=4.5", "lags=4.5"),
        ("lags=True", "lags=True"),
        ("dropout=None", "dropout=None"),
        ("quick=1", "quick=1' .*true or false"),
        ("quick=__import__('os')", "quick=__import__"),
        ("lags={[]:1}", "whole number"),
        ("lags=[[]]", "whole number"),
        ("lags=" + "-" * 1000 + "1", "whole number"),
        ("lags=" + "-" * 100_000 + "1", "100001 characters; the most is 2000"),
        ("coin=" + "x" * 5000, r"^parameter 'coin=x{60,70}\.\.\.' has 5000 characters"),
        ("dropout=1" + "0" * 400, "is a number"),
        ("dropout=-", "is a number"),
        ("lags=\x1b[2J\n", r"'lags=\\x1b\[2J\\n'"),
        ("lag\x1b[2J", r"'lag\\x1b\[2J'"),
    ],
)
def test_parse_assignments_refuses_before_anything_runs(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        parse_assignments([text], [write_notebook(tmp_path)])


def test_parse_assignments_gives_a_parameter_to_the_notebooks_that_have_it(tmp_path):
    path = write_notebook(tmp_path)
    other = write_notebook(tmp_path, name="08_other", parameters="lags = 1")
    given = parse_assignments(["lags=3", "coin=eos"], [path, other])
    assert given == {path: {"lags": 3, "coin": "eos"}, other: {"lags": 3}}
