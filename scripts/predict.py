"""Forecast a coin's next daily change, with an interval and with what the forecast is worth."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from coincast.models.saved import SavedModel

EXAMPLE = """
The model is the LSTM of the Ethereum study without levels (close_off_high, volatility and
daily_change of the coin's last 4 days), fitted to all days up to the last, and the mean of --seeds
of them. No bitcoin prices are used for another coin.
Nothing is asked of the network unless --source or --url is an address.

examples:
  python3 scripts/predict.py ethereum
  python3 scripts/predict.py litecoin --end 2019-12-31 --seeds 1 --json
  python3 scripts/predict.py bitcoin --source csv --url '{coin}.csv' --save bitcoin.keras
  python3 scripts/predict.py bitcoin --source csv --url '{coin}.csv' --model bitcoin.keras
"""
MOST_SEEDS = 100  # all in one saved network


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("coin", metavar="COIN", help="CoinMarketCap slug: bitcoin")
    line.add_argument("--source", default="bundled", help="of prices (default: bundled)")
    line.add_argument("--url", default="", metavar="TEMPLATE", help="path or address for --source")
    line.add_argument("--end", default="", metavar="YYYY-MM-DD", help="forecast the day after this")
    line.add_argument("--seeds", type=int, default=10, metavar="N", help="LSTMs to fit (10)")
    files = line.add_mutually_exclusive_group()
    files.add_argument("--model", metavar="FILE.keras", help="use a saved model, fit none")
    files.add_argument("--save", metavar="FILE.keras", help="keep the model; a JSON goes beside it")
    line.add_argument("--json", action="store_true", help="the same as JSON")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Print the forecast; on bad input nothing is written."""
    from coincast.numerics import NUMERIC_ENVIRONMENT

    os.environ.update(NUMERIC_ENVIRONMENT)  # before NumPy: the same numbers on every machine
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # Keras would load it to save
    from coincast.models.backend import prepare_jax, use_backend

    use_backend("jax")
    prepare_jax()
    from coincast.errors import InputError
    from coincast.paths import FIGS
    from coincast.prices.load import load_prices
    from coincast.records import results

    if not 1 <= arguments.seeds <= MOST_SEEDS:
        raise InputError(f"--seeds is {arguments.seeds}; use 1 to {MOST_SEEDS}")
    prices = load_prices(
        arguments.coin, end=arguments.end, source=arguments.source, url=arguments.url
    )
    recorded = results.load(FIGS).get("06_walk_forward", {}).get("values", {})
    from coincast.studies import next_day  # slow: not before the prices are found to be good

    saved = get_model(arguments, prices)
    told = next_day.forecast(saved, prices)
    skill = next_day.measured_skill(recorded, saved.card)
    told |= {"skill": skill, "worth": next_day.worth(skill, arguments.coin)}
    print(json.dumps(told, indent=2) if arguments.json else describe(told))
    return 0


def get_model(arguments: argparse.Namespace, prices: pd.DataFrame) -> SavedModel:
    """The model of `--model`, or a new one, which `--save` keeps."""
    from coincast.models.saved import load_model, require_place, save_model
    from coincast.studies import next_day

    if arguments.model:
        return load_model(Path(arguments.model), arguments.coin)
    if arguments.save:
        require_place(Path(arguments.save))
    environment.tell(f"fitting {arguments.seeds} LSTM(s) to {len(prices)} days, twice")
    with interrupted_at_once():
        fitted = next_day.fit(prices, range(1, arguments.seeds + 1))
    if arguments.save:
        save_model(Path(arguments.save), fitted)
    return fitted


@contextlib.contextmanager
def interrupted_at_once() -> Iterator[None]:
    """End at Ctrl-C without waiting for threads that compile or train; they write no files."""

    def end(*_: object) -> None:
        environment.tell("interrupted")
        os._exit(130)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def describe(told: Mapping[str, Any]) -> str:
    """The forecast in words and numbers."""
    model, interval = told["model"], told["interval"]
    name = f"{model['model']}, mean of {len(model['epochs'])} seed(s)"
    changes = {name: told["forecast"], **told["constants"]}
    lines = [f"  {key.replace('_', ' '):<24}{value:+7.2%}" for key, value in changes.items()]
    lines[0] += f"   {interval['level']:.0%} interval {interval['low']:+.2%} to "
    lines[0] += f"{interval['high']:+.2%}, by its errors on {interval['calibration_rows']} days"
    title = f"{told['coin']} ({told['source']}): change of {told['day']}, from open to close"
    fitted = f"Fitted to {model['rows']} days, {model['first_day']} to {model['last_day']}."
    return "\n".join(map(environment.printable, [title, *lines, fitted, told["worth"]]))


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
