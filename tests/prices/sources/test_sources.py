"""Sources are found by name, and only the one that is asked for is imported."""

import importlib
import subprocess
import sys

import pytest

from coincast.errors import InputError
from coincast.prices.sources import MODULES, find_source


@pytest.mark.parametrize("name", MODULES)
def test_find_source_gives_the_load_function_of_the_module_in_the_table(name):
    module = importlib.import_module(f"coincast.prices.sources.{MODULES[name]}")
    assert find_source(name) is module.load


def test_find_source_suggests_the_nearest_name():
    with pytest.raises(InputError, match=r"'htm' .*'html'.* csv$"):
        find_source("htm")


def test_bundled_prices_are_loaded_without_the_other_sources_and_the_web():
    """So that their code cannot make a notebook on bundled prices stale."""
    program = """import sys
from coincast.prices import venues
venues.comparison_table({"bitcoin": venues.load_prices("bitcoin")})
print(*(name for name in sys.modules if "coincast.prices." in name or "requests" in name))"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    names = {name.removeprefix("coincast.prices.") for name in done.stdout.split()}
    assert names == {
        "days", "load", "schema", "sources", "sources.bundled", "sources.request", "venues",
    }  # fmt: skip
