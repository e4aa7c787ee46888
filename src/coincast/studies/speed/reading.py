"""A measurement as tables and sentences."""

from collections.abc import Mapping, Sequence
from statistics import mean, median, stdev
from typing import Any

import pandas as pd
from scipy import stats

from coincast.studies.speed.timing import Run

__all__ = [
    "final_losses",
    "portable_sentence",
    "ratio_sentences",
    "ratios",
    "size_sentence",
    "timing_table",
]


def timing_table(runs: Sequence[Run]) -> pd.DataFrame:
    """Return a table with one row per run.

    Returns:
        Columns: `study`, `side`, `members`; `cold` and `warm` seconds for all members (the
        median of warm runs; a fit compiles each time and has only `cold`); `member_ms`, warm if
        there is a warm run; `peak_gib`.
    """
    return pd.DataFrame([_row(run) for run in runs])


def _row(run: Run) -> dict[str, Any]:
    is_fit = "seconds" in run
    cold, warm = (sum(run["seconds"]), float("nan")) if is_fit else _cold_and_warm(run)
    return {
        "study": run["study"],
        "side": run["side"],
        "members": run["members"],
        "cold": cold,
        "warm": warm,
        "member_ms": 1000 * (cold if is_fit else warm) / run["members"],
        "peak_gib": run["peak_gib"],
    }


def ratios(runs: Sequence[Run], study: str, members: int) -> dict[str, float]:
    """Return how many times faster one program of `members` is than as many calls of `fit`.

    Args:
        runs: of both sides, measured together.
        study: name of the workload.
        members: how many models; the mean time of a fit is multiplied by it.

    Returns:
        `fits`, `fit_seconds` (mean of one), `cold` and `warm` seconds of the program (the median
        of its processes) and `slowest_warm`; `times_faster_cold`, `times_faster_warm`;
        `tuned_seconds` and `times_faster_than_tuned` (warm) if tuned fits were timed; the final
        validation losses of both sides, `loss_fit` and `loss_program`, with `sd_...`, and
        `p_same` of the two-sample Kolmogorov-Smirnov test that they come from one distribution
        (if both sides have three or more).
    """
    mine = [run for run in runs if run["study"] == study]
    fit = next(run for run in mine if run["side"] == "fit")
    programs = [r for r in mine if r["side"] == "program" and r["members"] == members]
    one = mean(fit["seconds"])
    colds, warms = zip(*map(_cold_and_warm, programs), strict=True)
    cold, warm = median(colds), median(warms)
    found = {
        "fits": len(fit["seconds"]),
        "fit_seconds": one,
        "cold": cold,
        "warm": warm,
        "slowest_warm": max(warms),
        "times_faster_cold": one * members / cold,
        "times_faster_warm": one * members / warm,
    }
    for tuned in (run for run in mine if run["side"] == "fit_tuned"):
        found["tuned_seconds"] = mean(tuned["seconds"])
        found["times_faster_than_tuned"] = found["tuned_seconds"] * members / warm
    return found | _compare(**final_losses(mine, study))


def final_losses(runs: Sequence[Run], study: str) -> dict[str, list[float]]:
    """Return the validation losses after the last epoch of the first "fit" and "program" run."""
    mine = [run for run in runs if run["study"] == study]
    return {
        side: next(run["val_loss"] for run in mine if run["side"] == side)
        for side in ("fit", "program")
    }


def _cold_and_warm(run: Run) -> tuple[float, float]:
    return run["cold"], median(run["warm"])


def _compare(fit: Sequence[float], program: Sequence[float]) -> dict[str, float]:
    found = {"loss_fit": mean(fit), "loss_program": mean(program)}
    if min(len(fit), len(program)) > 2:  # noqa: PLR2004 - two say nothing of a distribution
        found |= {"sd_fit": stdev(fit), "sd_program": stdev(program)}
        found["p_same"] = float(stats.ks_2samp(fit, program).pvalue)
    return found


def ratio_sentences(found: Mapping[str, float], what: str, members: int) -> list[str]:
    """Return the ratios of one workload in words.

    Args:
        found: as `ratios` gives them, with losses compared.
        what: the models' name in the plural, for example "Ethereum LSTMs".
        members: how many.
    """
    total = found["fit_seconds"] * members
    timed = "all timed" if found["fits"] == members else f"{found['fits']:.0f} timed, multiplied"
    fast = (
        f"{members} {what}: {total:.0f} s by `fit` one after another ({timed}), "
        f"{found['warm']:.2f} s in one program once it is compiled, at worst "
        f"{found['slowest_warm']:.2f} s "
        f"({found['times_faster_warm']:.0f} times faster), {found['cold']:.2f} s with initial "
        f"weights and compiling counted ({found['times_faster_cold']:.0f} times). Against a tuned "
        f"`fit` (an epoch an execution, XLA where it helps; {found['tuned_seconds']:.2f} s each) "
        f"it is {found['times_faster_than_tuned']:.0f} times faster once compiled."
    )
    same = (
        f"Validation loss after the last epoch: {found['loss_fit']:.4f} "
        f"(sd {found['sd_fit']:.4f}, n {found['fits']:.0f}) by `fit`, {found['loss_program']:.4f} "
        f"(sd {found['sd_program']:.4f}, n {members}) in the program; Kolmogorov-Smirnov test of "
        f"one distribution: p = {found['p_same']:.2f}."
    )
    return [fast, same]


def portable_sentence(found: Mapping[str, float], what: str, members: int) -> str:
    """Return the ratios of one workload in the notebooks' numeric environment in words."""
    return (
        f"With the notebooks' settings, the same on every processor, {members} {what} take "
        f"{found['warm']:.2f} s in one program once it is compiled, "
        f"{found['times_faster_warm']:.0f} times faster than by `fit` under the same settings "
        f"({found['fits']:.0f} timed, multiplied), and {found['cold']:.2f} s with initial weights "
        f"and compiling counted ({found['times_faster_cold']:.0f} times)."
    )


def size_sentence(table: pd.DataFrame) -> str:
    """Return how time and memory of the Ethereum program grow from 26 members to the most."""
    program = table[(table["study"] == "ethereum") & (table["side"] == "program")]
    rows = program.groupby("members")[["warm", "member_ms", "peak_gib"]].max()
    few, most = rows.loc[26], rows.iloc[-1]
    return (
        f"{rows.index[-1]} Ethereum LSTMs: {most['warm']:.1f} s once compiled, "
        f"{most['member_ms']:.1f} ms a model ({few['member_ms']:.1f} ms with 26), "
        f"{most['peak_gib']:.2f} GiB at most ({few['peak_gib']:.2f} GiB with 26)."
    )
