"""`scripts/judge.py` as a user starts it: the README's examples, other models, leaks, bad input."""

import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.paths import NOTEBOOKS

pytestmark = pytest.mark.command
SECTION = re.search(
    r"## Your own model.*?(?=\n## )", (NOTEBOOKS / "README.md").read_text(), re.DOTALL
).group()
BLOCKS = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", SECTION, re.DOTALL))
COMMANDS = re.findall(r"```sh\npython3 scripts/judge.py (.*)\n```", SECTION)
MINE = """
import keras
from keras import layers
from sklearn.ensemble import GradientBoostingRegressor
import numpy as np

class Cumulative(layers.Layer):
    def call(self, inputs):
        import tensorflow as tf
        return tf.math.cumsum(inputs, axis=1)

def sequential(lags, features, *middle):
    return keras.Sequential([keras.Input((lags, features)), *middle, layers.Dense(1)])

def dense(lags, features):
    return sequential(lags, features, layers.Flatten(), layers.Dense(8, "relu"))

def convolution(lags, features):
    layer = layers.Conv1D(8, 2, padding="causal", dilation_rate=2, activation="relu")
    return sequential(lags, features, layer, layers.Flatten())

def on_tensorflow(lags, features):
    return sequential(lags, features, Cumulative(), layers.Flatten())

def boosting():
    return GradientBoostingRegressor(n_estimators=20, max_depth=2, random_state=0)

def volume(prices):
    return np.log(prices[["volume"]])

def leaking(prices):
    return prices[["close"]].assign(high_tomorrow=prices["high"].shift(-1).ffill())
"""


@pytest.fixture
def judge(scripts, tmp_path):
    """Return a function that runs the command in a folder of one's own files."""
    for name, code in (BLOCKS | {"mine.py": BLOCKS["mine.py"] + MINE}).items():
        (tmp_path / name).write_text(code)
    (tmp_path / "attr.py").write_text("raise SystemExit")  # the name of a library
    make_prices(560, seed=5).to_csv(tmp_path / "dogecoin.csv")

    def run(line):
        command = [sys.executable, str(scripts / "judge.py"), *shlex.split(line)]
        done = subprocess.run(
            [*command, "--out", str(tmp_path / "out")],
            cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("line", COMMANDS)
def test_the_three_examples_of_the_readme_end_with_a_verdict(judge, tmp_path, line):
    assert len(COMMANDS) == 3
    status, out, err = judge(f"{line} --quick")
    assert (status, err) == (0, ""), err
    assert re.search(r"^\w+ +your model +\d+ +[+-]0\.\d{4} ", out, re.MULTILINE)
    assert re.search(r"skill for the change.*after Holm", out.splitlines()[-1])
    assert ("your model on standard features" in out) == ("--features" in line)
    assert (tmp_path / "out" / "your_model.png").exists()
    assert "--html" not in line or "<html" in (tmp_path / "dogecoin.html").read_text()


def test_a_temporal_convolution_is_judged_by_the_range(judge):
    status, out, err = judge("mine.py:convolution --coin litecoin --target range --quick")
    assert (status, err) == (0, ""), err
    assert re.search(r"litecoin +HAR ", out)
    assert "skill for the range" in out.splitlines()[-1]


def test_boosting_finds_a_planted_signal_of_5_percent(judge, tmp_path):
    days, random = 1900, np.random.default_rng(3)
    known, noise = random.normal(size=(2, days))
    change = 0.03 * (0.05**0.5 * np.r_[0, known[:-1]] + 0.95**0.5 * noise)
    close = 1000 * np.exp(np.cumsum(np.log1p(change)))
    opens = close / (1 + change)
    edges = np.array([opens, close])
    table = pd.DataFrame(
        {"open": opens, "high": edges.max(axis=0) * 1.01, "low": edges.min(axis=0) * 0.99,
         "close": close, "volume": 1e6 * np.exp(known)},
        pd.date_range("2013-01-01", periods=days, name="date"),
    )  # fmt: skip
    table.to_csv(tmp_path / "planted.csv")
    status, out, err = judge(
        "mine.py:boosting --features mine.py:volume --csv planted.csv -p lags=1"
    )
    assert (status, err) == (0, ""), err
    assert "boosting has skill for the change of planted" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--seeds 0", "seeds 0"),
        (
            "--features mine.py:leaking --coin bitcoin --quick",
            "look-ahead in your features of bitcoin: 'high_tomorrow' of 2015-",
        ),
    ],
)
def test_judge_says_in_one_line_what_is_wrong(judge, options, words):
    status, out, err = judge(f"mine.py:dense {options}")
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert words in err


def test_a_layer_that_jax_cannot_trace_trains_on_tensorflow_and_finds_nothing_in_noise(judge):
    status, out, err = judge("mine.py:on_tensorflow --csv dogecoin.csv --quick -p epochs=1 --json")
    assert (status, err.count("\n")) == (0, 1), err
    assert "Cumulative" in err
    assert "TensorFlow" in err
    values = json.loads(out)["values"]
    assert "on_tensorflow" in values["verdict"]
    found = values["verdicts"]["dogecoin"]
    assert found["verdict"] != "beats"
    assert found["n"] >= 91
