"""`scripts/benchmark.py` as a user starts it."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.command


def benchmark(scripts, *arguments):
    command = [sys.executable, str(scripts / "benchmark.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_benchmark_measures_scraping(scripts):
    done = benchmark(scripts, "prices", "--coins", "2", "--years", "1", "--latency", "20")
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^(.+?) +(\d+) +([\d.]+) +([\d.]+)$", done.stdout, flags=re.MULTILINE)
    assert [(name, int(requests)) for name, requests, *_ in rows] == [
        ("4 requests a second", 2), ("no limit on requests", 2), ("from the cache", 0),
    ]  # fmt: skip
    assert all(float(seconds) >= float(least) for *_, seconds, least in rows)
    assert re.search(r"^parsing: \d+ ms a year of days", done.stdout, flags=re.MULTILINE)
    assert re.search(r"^peak memory: \d+ MiB", done.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: WHAT"),
        (["speed"], "invalid choice: 'speed'"),
        (["prices", "--years", "0"], "argument --years: invalid choice: 0"),
    ],
)
def test_benchmark_refuses_what_it_cannot_measure(scripts, arguments, message):
    done = benchmark(scripts, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
