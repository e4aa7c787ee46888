"""The runner in a process of its own, to be killed: `python runner.py NOTEBOOKS OUT BUILD`."""

import functools
import sys
from pathlib import Path

from coincast.lock import only_run
from coincast.pool import run_tasks
from coincast.reproduction import Places, find_notebooks, make_task, plan, reproduce
from coincast.tasks import Limits


def main(notebooks, places):
    tasks = [make_task(path, {}, Limits()) for path in find_notebooks([], notebooks)]
    with only_run(places.build):
        run = functools.partial(run_tasks, jobs=1, work=places.build / "work")
        for outcome in reproduce(plan(tasks, places), places, run):
            print(outcome.task.name, outcome.problem, flush=True)


if __name__ == "__main__":
    notebooks, out, build = map(Path, sys.argv[1:])
    main(notebooks, Places(out, build))
