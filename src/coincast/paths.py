"""Where things are in a checkout: the one place that knows the folders' names."""

from pathlib import Path

__all__ = ["BUILD", "DAILY", "DATA", "FIGS", "HOURLY", "NOTEBOOKS", "PACKAGE", "ROOT", "SPEED"]

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
DATA = ROOT / "data"  # the bundled price tables, committed
DAILY = DATA / "daily.csv.gz"
HOURLY = DATA / "hourly.csv.gz"
SPEED = DATA / "speed.json"  # the committed measurement of training speed
NOTEBOOKS = ROOT / "notebooks"  # committed without outputs
FIGS = ROOT / "figs"  # what the main command publishes, committed
BUILD = ROOT / "build"  # executed notebooks and everything else that can be made again
