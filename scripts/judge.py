"""Has your own model, feature or coin any skill? The trial of notebook 10, from a terminal."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environment

if TYPE_CHECKING:
    from coincast.runner.reproduction import Outcome, Places

NOTEBOOK = "10_your_model"
EXAMPLE = """
MODEL is path/to/file.py:name, or module:name of an installed package: a function
(lags, features) -> uncompiled Keras model with one output, or a scikit-learn estimator.
--features names a function likewise: prices of a coin -> table with a row per day.

The code that you name is run as you, with all that you may do: name only what you trust. The same
holds for the parameters `model` and `features` of the notebook, wherever they come from.

examples:
  python3 scripts/judge.py coincast.models.networks:gru --coin bitcoin,ethereum
  python3 scripts/judge.py mine.py:transformer --set heads=2 --target direction
  python3 scripts/judge.py sklearn.linear_model:RidgeCV --features mine.py:volumes
  python3 scripts/judge.py mine.py:build --csv dogecoin.csv --html dogecoin.html
  python3 scripts/judge.py mine.py:build -p train_days=200 -p lags=14 --quick
"""


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("model", metavar="MODEL", help="what is judged: see below")
    line.add_argument("--features", default="", help="what it sees instead of standard features")
    line.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE",
                      help="a further argument of the model; may be repeated")  # fmt: skip
    line.add_argument("--coin", metavar="A,B", help="CoinMarketCap slugs (default: three coins)")
    prices = line.add_mutually_exclusive_group()
    prices.add_argument("--csv", metavar="FILE", help="prices of your own; {coin} may be in it")
    prices.add_argument("--source", help="of prices (default: bundled)")
    line.add_argument("--url", metavar="TEMPLATE", help="path or address for --source")
    line.add_argument("--target", help="change, direction or range of the next day (change)")
    line.add_argument("--seeds", type=int, metavar="N", help="networks per fold (6)")
    line.add_argument("-p", dest="parameters", action="append", default=[], metavar="NAME=VALUE",
                      help="any other parameter of the notebook; may be repeated")  # fmt: skip
    line.add_argument("--quick", action="store_true", help="one seed, two folds: does it run?")
    line.add_argument("--json", action="store_true", help="print all numbers as JSON")
    line.add_argument("--html", metavar="FILE", help="write the executed notebook as a page")
    line.add_argument("--out", metavar="DIR", help="folder for results (build/judge/NAME)")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Run the notebook with the user's model, and print its table and its verdict."""
    from coincast.errors import UntraceableError
    from coincast.files import require_writable, write_atomically
    from coincast.paths import BUILD
    from coincast.records.parameters import parse_assignments
    from coincast.records.results import load
    from coincast.report.page import export
    from coincast.runner.notebook.tasks import find_notebooks
    from coincast.runner.reproduction import Places, output_folder

    (notebook,) = find_notebooks([NOTEBOOK])
    parameters = parse_assignments(arguments.parameters, [notebook])[notebook] | asked(arguments)
    if arguments.html:
        require_writable(Path(arguments.html).absolute().parent, "--html")
    name = "".join(c for c in parameters["model"].rpartition(":")[2] if c.isalnum() or c == "_")
    places = Places.of(output_folder(arguments.out or str(BUILD / "judge" / (name or "model"))))
    with places.locked():
        outcome = judge(notebook, parameters, places)
        if outcome.result.error == UntraceableError.__name__ and "backend" not in parameters:
            environment.tell(f"{outcome.problem}; trying TensorFlow, fit by fit, slower")
            outcome = judge(notebook, parameters | {"backend": "tensorflow"}, places)
        if outcome.problem:
            environment.fail(outcome.problem, environment.BAD_INPUT * outcome.result.bad_input or 1)
        record = load(places.out)[NOTEBOOK]
        if arguments.html:
            page = export(places.build / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8")
            write_atomically(Path(arguments.html).absolute(), page)
    if arguments.json:
        print(json.dumps(record, indent=2))
    else:
        print(record["values"]["table"], "", *record["values"]["reading"][1:], sep="\n")
        print(f"\nfigure and numbers: {places.out}\n\n{record['values']['verdict']}")
    return 0


def asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parameters of the notebook that the options give; it runs in another folder."""
    given = {name: getattr(arguments, name) for name in ("target", "seeds", "source", "url")}
    coin = arguments.coin
    if arguments.csv:
        given |= {"source": "csv", "url": arguments.csv}
        if "{coin}" not in arguments.csv:
            coin = coin or Path(arguments.csv).stem
    given |= {"coins": coin and coin.split(","), "quick": arguments.quick or None}
    if given["url"] and "://" not in given["url"]:
        given["url"] = str(Path(given["url"]).expanduser().absolute())
    code = {"model": absolute(arguments.model), "features": absolute(arguments.features)}
    given = {name: value for name, value in given.items() if value is not None}
    return given | code | {"settings": arguments.settings}


def absolute(text: str) -> str:
    """The name of an object in a file, with the whole path of the file."""
    place, _, name = text.rpartition(":")
    return f"{Path(place).expanduser().absolute()}:{name}" if place.endswith(".py") else text


def judge(notebook: Path, parameters: dict[str, Any], places: Places) -> Outcome:
    """Execute the notebook and keep what it made."""
    from coincast.runner.execution import Limits, Result, Task, execute
    from coincast.runner.notebook.tasks import make_task
    from coincast.runner.reproduction import reproduce, task_states

    work = places.build / "work"

    def run(tasks: list[Task]) -> Iterator[tuple[Task, Result]]:
        for task in tasks:
            with progress(work / "executed.ipynb"):
                result = execute(task, work)
            yield task, result

    task = make_task(notebook, parameters, Limits())
    (outcome,) = reproduce(task_states([task], places, fresh=True), run)  # type: ignore[arg-type]
    return outcome


@contextmanager
def progress(executed: Path) -> Iterator[None]:
    """Show how far a notebook has come, on a terminal."""
    from tqdm import tqdm

    from coincast.runner.progress import cells_done

    ended = threading.Event()

    def follow() -> None:
        with tqdm(unit="cell", disable=None, leave=False) as bar:
            while not ended.wait(0.5):
                with suppress(OSError, ValueError, KeyError, TypeError):
                    bar.n, bar.total, heading = cells_done(executed.read_text(encoding="utf-8"))
                    bar.set_description(heading)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
