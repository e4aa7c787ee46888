"""What the main command refuses before anything runs, and that a user sees it in one line."""

import subprocess
import sys

import pytest
import reproduce

from coincast.errors import InputError
from coincast.paths import FIGS, ROOT

ETHEREUM = "02_ethereum_lstm"
REFUSED = [
    (["03_nothing"], ["'03_nothing'"]),
    (["-p", "epoch=3"], ["'epoch=3'", "'epochs'"]),
    (["-p", "epochs=many"], ["epochs=many", "21"]),
    (["-p", "seed=-1"], ["seed -1"]),
    (["-p", "end=2018-13-01"], ["'2018-13-01'"]),
    (["-p", "source=bundle"], ["'bundle'", "'bundled'"]),
    ([ETHEREUM, "--quick", "-p", "lags=900"], ["lags 900", "597 days"]),
    ([ETHEREUM, "-p", "dropout=1"], ["dropout 1.0"]),
    (["--jobs", "0"], ["--jobs 0"]),
    (["--timeout", "nan"], ["--timeout nan"]),
    (["--out", ""], ["--out ''"]),
    (["--out", str(FIGS / "mine")], ["--out"]),
    (["--out", "/dev/null"], ["--out '/dev/null'"]),
    (["--out", "/proc/x"], ["--out '/proc/x'"]),
    (["--sweep", "lags=2,4"], ["--sweep", "one notebook"]),
    ([ETHEREUM, "--sweep", "lags=2", "--out", "/"], ["--out '/'"]),
    ([ETHEREUM, "--sweep", "lags=2", "--out", str(FIGS)], [str(FIGS)]),
    ([ETHEREUM, "--quick", "--sweep", "quick=true"], ["quick=true"]),
    ([ETHEREUM, "--sweep", "coin=ethereum,etherium"], ["'etherium'", "'ethereum'"]),
    ([ETHEREUM, "--sweep", "lags=2," + "-" * 100_000], ["100000 characters"]),
    (["--verify", "--out", "there"], ["--out"]),
    (["--verify", "-p", "seed=2"], ["-p"]),
    (["--verify", ETHEREUM, "--sweep", "lags=2,4"], ["--sweep"]),
    (["--verify", "--quick"], ["--quick"]),
    (["--verify", "03_nothing"], ["03_nothing"]),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_reproduce_refuses_bad_input_and_writes_nothing(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in FIGS.iterdir()}
    with pytest.raises(InputError) as failure:
        reproduce.main(reproduce.parser().parse_args(arguments))
    assert all(word in str(failure.value) for word in words)
    assert {path: path.read_bytes() for path in FIGS.iterdir()} == before
    assert not list(tmp_path.iterdir())


@pytest.mark.command
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--verify", "03_nothing"], "03_nothing has no results"),
        (["03_bitcoin_cnn_lstm", "-p", "backend=torch"], "backend 'torch'"),
        (["01_prices", "--fresh", "--out", "new", "--scheduler", "tls://127.0.0.1:9"], "tls://"),
    ],
    ids=["option", "in the notebook", "scheduler"],
)
def test_reproduce_says_in_one_line_what_is_wrong(tmp_path, arguments, words):
    command = [sys.executable, str(ROOT / "scripts" / "reproduce.py"), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("reproduce.py: ")
    assert words in done.stderr
    assert not list(tmp_path.iterdir())
