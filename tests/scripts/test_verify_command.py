"""`reproduce.py --verify` as a user starts it."""

import json
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from coincast.paths import BUILD, FIGS, ROOT

pytestmark = [pytest.mark.command, pytest.mark.notebook]


def contents():
    texts = [ROOT / "README.md", ROOT / "notebooks" / "README.md"]
    return {path: path.read_bytes() for path in [*FIGS.iterdir(), *texts]}


def test_verify_reproduces_the_quickest_notebook_and_changes_nothing_committed(tmp_path):
    before = contents()
    command = [sys.executable, str(ROOT / "scripts" / "reproduce.py"), "--verify", "01_prices"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert contents() == before
    assert "\n01_prices  identical\n\n1 of 1 notebooks reproduced to the byte on " in done.stdout
    assert (BUILD / "verify" / "price.png").read_bytes() == before[FIGS / "price.png"]
    (told,) = json.loads((BUILD / "verification.json").read_text())["notebooks"]
    assert (told["notebook"], told["status"], told["differing"]) == ("01_prices", "identical", [])
    assert told["seconds"] > 0
    page = BeautifulSoup((BUILD / "index.html").read_text(), "lxml")
    assert "1 of 1 notebooks" in page.find(id="verification").get_text()
