"""The main command as a user starts it: from another folder, in a process of its own."""

import json
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import reproduce as command
from makers import render_page
from tiny import write_notebook, writing

from coincast.paths import BUILD, FIGS, ROOT
from coincast.prices.load import load_common
from coincast.runner import reproduction
from coincast.runner.notebook.tasks import find_notebooks

pytestmark = [pytest.mark.command, pytest.mark.notebook]
BASELINES = ["no_change", "train_mean", "train_median", "last_change", "linear_regression"]


def reproduce(folder, *arguments):
    words = [sys.executable, str(ROOT / "scripts" / "reproduce.py"), *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def values(folder, notebook="02_ethereum_lstm"):
    return json.loads((folder / f"{notebook}.json").read_text())["values"]


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Run every notebook with tiny settings, once for this module."""
    before = contents(FIGS)
    done = reproduce(tmp_path_factory.mktemp("elsewhere"), "--quick", "--fresh")
    return done, before


def test_reproduce_quick_runs_every_notebook_and_prints_a_table(quick):
    done, _ = quick
    assert (done.returncode, done.stderr) == (0, "")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"{path.stem} " in done.stdout.split("\nnotebook  ")[1]
    (page,) = re.findall(r"^page of figures: (.+)$", done.stdout, flags=re.MULTILINE)
    text = Path(page).read_text()
    assert text.count(">fresh<") >= len(list((ROOT / "notebooks").glob("*.ipynb")))
    assert "stale:" not in text


def test_reproduce_has_nothing_to_do_after_that_and_says_so_at_once(quick, tmp_path):
    assert quick[0].returncode == 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = reproduce(tmp_path, "--quick")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("up to date") == len(list((ROOT / "notebooks").glob("*.ipynb")))
    # Its own seconds, not those in which a busy machine lets it wait.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_reproduce_quick_writes_every_figure_and_leaves_figs_alone(quick):
    _, before = quick
    assert contents(FIGS) == before
    assert set(contents(BUILD / "quick")) == set(before)


def test_reproduce_gives_the_same_bytes_again(quick, tmp_path):
    done = reproduce(tmp_path, "02_ethereum_lstm", "--quick", "--out", "again")
    assert (done.returncode, quick[0].returncode) == (0, 0)
    made = contents(tmp_path / "again")
    assert made == {name: contents(BUILD / "quick")[name] for name in made}
    assert len(made) == 5


def test_reproduce_finds_the_known_baselines_on_bundled_prices(quick):
    assert quick[0].returncode == 0
    found = values(BUILD / "quick")
    assert found["rows"] == {"train": 260, "test": 59}
    known = {
        "no_change": 0.0527,
        "train_mean": 0.0500,
        "train_median": 0.0523,
        "last_change": 0.0689,
    }
    assert {name: found["test_mae"][name] for name in known} == pytest.approx(known, abs=2e-4)
    assert 0.076 < found["test_mae"]["linear_regression"] < 0.084


def test_reproduce_reads_the_same_prices_from_a_served_page(quick, tmp_path, server):
    """The study on pages in the form of 2018 equals the study on the tables they show."""
    assert quick[0].returncode == 0
    for coin, table in load_common(["bitcoin", "ethereum"], end="2018-01-13").items():
        shown = table.assign(volume=table["volume"].round(), market_cap=float("nan"))
        server.pages[f"/{coin}"] = render_page(shown, "attributes")
    done = reproduce(
        tmp_path, "02_ethereum_lstm", "--quick", "--out", "html", "-p", "source=html",
        "-p", f"url={server.url}/{{coin}}?start={{start}}&end={{end}}",
        "-p", "start=2016-05-27", "-p", "end=2018-01-13",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found, expected = values(tmp_path / "html"), values(BUILD / "quick")
    for name in BASELINES:
        assert found["test_mae"][name] == pytest.approx(expected["test_mae"][name], abs=1e-4), name
    regression = found["published"]["linear_regression"]
    assert regression["mae"] == found["test_mae"]["linear_regression"]
    assert regression["difference"] == regression["mae"] - 0.12199629622669292
    assert "not the published prices" in found["reading"][-1]


RUNNER = ROOT / "tests" / "support" / "runner.py"


@pytest.mark.parametrize(
    ("shell", "status", "problem"),
    [
        ("exec {} > /dev/full", 1, "runner.py: cannot write to standard output: No space left"),
        ("exec {} >&-", 0, ""),
        ("exec {} <&- >&- 2>&-", 0, ""),
        ("exec {} > /dev/full 2>&1", 1, ""),
        ("PYTHONIOENCODING=ascii exec {} | cat", 0, ""),
        ("{} | true; exit ${{PIPESTATUS[0]}}", 1, "runner.py: cannot write to standard output: "),
    ],
    ids=["full", "closed", "all closed", "both full", "ASCII", "pipe closed"],
)
def test_reproduce_bears_any_standard_output(tmp_path, shell, status, problem):
    folders = [tmp_path / name for name in ("none", "ou\u0165", "build")]
    words = shlex.join(map(str, [sys.executable, RUNNER, *folders, 1]))
    if "true" in shell:  # it ends before anything is written
        words = f"(sleep 0.5; exec {words})"
    done = subprocess.run(
        ["/bin/bash", "-c", shell.format(words)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (status, int(bool(problem)))
    assert done.stderr.startswith(problem)
    assert ("ou\\u0165" in done.stdout) == ("ascii" in shell)


def test_reproduce_runs_the_other_notebooks_when_one_cannot_be_parsed(
    tmp_path, monkeypatch, capsys
):
    notebooks = tmp_path / "notebooks"
    write_notebook(notebooks, writing("line.png", "02_good.json"), name="02_good")
    (notebooks / "01_bad.ipynb").write_text("[" * 100_000)
    monkeypatch.setattr(find_notebooks, "__defaults__", ((), notebooks))
    monkeypatch.setattr(reproduction, "BUILD", tmp_path / "build")
    given = command.parser().parse_args(["--out", str(tmp_path / "out")])
    assert command.main(given) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "01_bad.ipynb" in told.err
    assert (tmp_path / "out" / "line.png").read_text() == "ethereum 4"
