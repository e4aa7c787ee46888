"""Which notebooks run and why, and what is published of them."""

import functools
import json

import pytest
from tiny import WRITE, write_notebook

from coincast import manifests
from coincast.errors import InputError
from coincast.pool import default_jobs, run_tasks
from coincast.reproduction import Places, find_notebooks, make_task, plan, reproduce
from coincast.tasks import Limits


@pytest.fixture
def places(tmp_path):
    """Return the folders of a run; a figure and numbers of an earlier run are there."""
    out = tmp_path / "figs"
    out.mkdir()
    (out / "line.png").write_text("old")
    (out / "07_any.json").write_text("old")
    return Places(out, tmp_path / "build")


def run(places, *notebooks, jobs=1, limits=None, **parameters):
    """Run what is stale of notebooks; return the outcomes by name."""
    tasks = [make_task(notebook, parameters, limits or Limits()) for notebook in notebooks]
    runner = functools.partial(run_tasks, jobs=jobs, work=places.build / "work")
    outcomes = reproduce(plan(tasks, places), places, runner)
    return {outcome.task.name: outcome for outcome in outcomes}


def why(places, notebook, **parameters):
    (planned,) = plan([make_task(notebook, parameters, Limits())], places)
    return planned.why
