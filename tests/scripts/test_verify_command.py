"""`reproduce.py --verify` as a user starts it."""

import json
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from coincast.paths import BUILD, FIGS, ROOT

pytestmark = pytest.mark.command


def verify(folder, *arguments):
    command = [sys.executable, str(ROOT / "scripts" / "reproduce.py"), "--verify", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def contents():
    texts = [ROOT / "README.md", ROOT / "notebooks" / "README.md"]
    return {path: path.read_bytes() for path in [*FIGS.iterdir(), *texts]}


@pytest.mark.notebook
def test_verify_reproduces_the_quickest_notebook_and_changes_nothing_committed(tmp_path):
    before = contents()
    done = verify(tmp_path, "01_prices", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert contents() == before
    assert "\n01_prices  identical\n\n1 of 1 notebooks reproduced to the byte on " in done.stdout
    assert (BUILD / "verify" / "price.png").read_bytes() == before[FIGS / "price.png"]
    (told,) = json.loads((BUILD / "verification.json").read_text())["notebooks"]
    assert (told["notebook"], told["status"], told["differing"]) == ("01_prices", "identical", [])
    assert told["seconds"] > 0
    page = BeautifulSoup((BUILD / "index.html").read_text(), "lxml")
    assert "1 of 1 notebooks" in page.find(id="verification").get_text()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--out", "there"], "--out"),
        (["-p", "seed=2"], "-p"),
        (["02_ethereum_lstm", "--sweep", "lags=2,4"], "--sweep"),
        (["--quick"], "--quick"),
        (["03_nothing"], "03_nothing"),
    ],
)
def test_verify_refuses_what_does_not_go_with_it_in_one_line(tmp_path, arguments, word):
    before = contents()
    done = verify(tmp_path, *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert word in done.stderr
    assert contents() == before
