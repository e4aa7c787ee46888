"""The folders of a checkout, and the variables that tell a notebook which of them to use."""

from pathlib import Path

__all__ = [
    "BUILD", "CLOSES", "DAILY", "DATA", "FIGS", "HOURLY", "NOTEBOOKS", "NOTEBOOKS_VARIABLE",
    "OUTPUT_VARIABLE", "PACKAGE", "READS_VARIABLE", "ROOT", "SERIES",
    "SERIES_ABOUT", "SPEED", "TABLES",
]  # fmt: skip

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
DATA = ROOT / "data"  # the bundled price tables, committed
DAILY = DATA / "daily.csv.gz"
HOURLY = DATA / "hourly.csv.gz"
CLOSES = DATA / "closes.csv.gz"  # Apple, and bitcoin over fifteen years
SERIES = DATA / "series.csv.gz"  # other markets, attention and sentiment
SERIES_ABOUT = DATA / "series.json"  # unit, origin, licence and scale of each
SPEED = DATA / "speed.json"  # the committed measurement of training speed
# A notebook depends on those that its code imports by these names.
TABLES = {
    "CLOSES": CLOSES,
    "DAILY": DAILY,
    "HOURLY": HOURLY,
    "SERIES": SERIES,
    "SERIES_ABOUT": SERIES_ABOUT,
    "SPEED": SPEED,
}
NOTEBOOKS = ROOT / "notebooks"  # committed without outputs
FIGS = ROOT / "figs"  # what the main command publishes, committed
BUILD = ROOT / "build"  # executed notebooks and everything else that can be made again

# Environment variables that the runner sets for a notebook's process.
OUTPUT_VARIABLE = "COINCAST_OUT"  # the folder for its figures and numbers
NOTEBOOKS_VARIABLE = "COINCAST_NOTEBOOKS"  # the folder of its source
READS_VARIABLE = "COINCAST_READS"  # the folder of the recorded JSON that it reads
