"""`scripts/predict.py` as a user starts it: on the bundled prices, on a table of one's own."""

import json
import os
import signal
import subprocess
import sys

import pytest

from coincast.datasets.features import daily_change
from coincast.prices.load import load_prices

pytestmark = pytest.mark.command
FIT = ["ethereum", "--seeds", "1", "--end", "2017-08-31"]  # few days, so most of the time compiles
PIPE = subprocess.PIPE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def start(scripts, folder):
    """Return a function that starts the command in a folder, with no server to be reached."""
    offline = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")

    def start(*arguments):
        command = [sys.executable, str(scripts / "predict.py"), *arguments]
        return subprocess.Popen(
            command, cwd=folder, env=os.environ | offline, stdout=PIPE, stderr=PIPE, text=True
        )

    return start


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def fitted(start):
    """Return what a fit to the bundled prices says; it leaves eth.keras in the folder."""
    status, out, err = finish(start(*FIT, "--save", "eth.keras", "--json"))
    assert (status, err.count("\n")) == (0, 1), err
    return json.loads(out)


def test_predict_tells_forecast_interval_constants_and_what_is_known_of_its_skill(fitted, folder):
    changes = daily_change(load_prices("ethereum", end="2017-08-31")).iloc[4:]
    constants = {"no_change": 0, "train_mean": pytest.approx(changes.mean())}
    assert (fitted["last_day"], fitted["day"]) == ("2017-08-31", "2017-09-01")
    assert fitted["constants"] == constants
    assert fitted["model"]["rows"] == len(changes)
    assert fitted["interval"]["low"] < fitted["forecast"] < fitted["interval"]["high"]
    assert "no change" in fitted["worth"]
    assert sorted(path.name for path in folder.iterdir()) == ["eth.keras", "eth.keras.json"]


def test_predict_with_a_saved_model_agrees_on_a_table_of_ones_own(fitted, start, tmp_path):
    prices = load_prices("ethereum", "2017-06-01", "2017-08-31")
    prices.to_csv(tmp_path / "ethereum.csv")
    options = ["--source", "csv", "--url", f"{tmp_path}/{{coin}}.csv", "--model", "eth.keras"]
    status, out, err = finish(start("ethereum", *options))
    assert (status, err) == (0, "")
    title, forecast, no_change, *_, worth = out.splitlines()
    assert title.startswith("ethereum (csv): change of 2017-09-01")
    assert f"{fitted['forecast']:+.2%}" in forecast
    assert f"{fitted['interval']['low']:+.2%} to {fitted['interval']['high']:+.2%}" in forecast
    assert no_change.split() == ["no", "change", "+0.00%"]
    assert worth == fitted["worth"]


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "damaged.keras"], "damaged.keras': its SHA-256"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--end", "2031-01-01"], "2031-01-01 is outside the data"),
    ],
)
def test_predict_says_in_one_line_what_is_wrong(start, folder, options, message):
    (folder / "damaged.keras").write_bytes((folder / "eth.keras").read_bytes()[:-100])
    (folder / "damaged.keras.json").write_bytes((folder / "eth.keras.json").read_bytes())
    status, out, err = finish(start("ethereum", *options))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("predict.py: ")
    assert message in err


@pytest.mark.usefixtures("fitted")
def test_predict_ends_at_the_first_interrupt_and_keeps_the_earlier_model(start, folder):
    before = (folder / "eth.keras").read_bytes()
    process = start(*FIT, "--save", "eth.keras")
    assert process.stderr.readline().startswith("predict.py: fitting 1 LSTM(s) to ")
    os.kill(process.pid, signal.SIGINT)
    assert finish(process) == (130, "", "predict.py: interrupted\n")
    assert (folder / "eth.keras").read_bytes() == before
    assert not list(folder.glob("*.coincast-part"))
