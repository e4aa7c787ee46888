"""The same notebook over a grid of parameters: its runs, their table, their comparison."""

from coincast.runner.sweeps.grid import Run, parse_grid, runs_of
from coincast.runner.sweeps.sweep import Collected, Sweep, collect, plan_sweep, write_sweep
from coincast.runner.sweeps.table import failures_csv, results_csv, scores

__all__ = [
    "Collected",
    "Run",
    "Sweep",
    "collect",
    "failures_csv",
    "parse_grid",
    "plan_sweep",
    "results_csv",
    "runs_of",
    "scores",
    "write_sweep",
]
