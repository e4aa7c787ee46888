"""The main command on another folder of notebooks, as a process that can be killed.

`python tests/support/runner.py NOTEBOOKS OUT BUILD JOBS`
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import environment
import reproduce

from coincast.runner.execution import Limits
from coincast.runner.notebook.tasks import find_notebooks, make_task
from coincast.runner.reproduction import Places


def main(arguments):
    notebooks, out, build, jobs = arguments.words
    tasks = [make_task(path, {}, Limits()) for path in find_notebooks([], Path(notebooks))]
    places = Places(Path(out), Path(build))
    return reproduce.carry_out(tasks, places, fresh=False, jobs=int(jobs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs=4)
    environment.run(main, parser.parse_args())
