"""What works on this machine and in this checkout, what does not, and how to fix it."""

import contextlib
import functools
import gzip
import hashlib
import platform
import re
import shutil
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincast.errors import InputError
from coincast.files import read_marker
from coincast.paths import DATA, FIGS, ROOT
from coincast.records.gpu import driver_and_names
from coincast.records.machine import cores, memory
from coincast.report import consistency, probes

__all__ = ["OK", "PROBLEM", "WARNING", "Finding", "examine"]

OK, WARNING, PROBLEM = "ok", "warning", "problem"
GIB = 2**30
REINSTALL = "remove .venv and run `python3 scripts/reproduce.py`"
COLD = f"try again: the first start reads many files. If it stays so, {REINSTALL}"
FIX_CUDA = f"see that `nvidia-smi` lists the GPU, then {REINSTALL} (it installs CUDA builds)"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: its state ("ok", "warning" or "problem") and how to fix it."""

    name: str
    state: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return "; ".join(
            filter(None, (f"{self.state:<8} {self.name}: {self.message}", self.remedy))
        )


def examine(
    unmet_pins: Iterable[str] = (),
    *,
    driver: bool = False,
    needs_gpu: bool = False,
    network: str | None = None,
) -> list[Finding]:
    """Check everything, the slow parts at the same time in processes of their own.

    Args:
        unmet_pins: packages that differ from their pins, as `environment.unmet_pins` gives them.
        driver: an NVIDIA driver answers.
        needs_gpu: having no GPU is a problem.
        network: address of the live price source, "" for its own; None does not ask.
    """
    with ThreadPoolExecutor() as pool, contextlib.ExitStack() as stack:
        stop = threading.Event()
        stack.callback(stop.set)  # after Ctrl-C nobody waits for the probes
        probe = functools.partial(probes.start, stop=stop)
        trials = {name: pool.submit(probe, name) for name in probes.ENGINES}
        asked = None if network is None else pool.submit(probe, "network", network)
        unmet, differing = list(unmet_pins), consistency.problems(ROOT / "README.md", FIGS)
        findings = [
            Finding("Python", OK, f"{platform.python_version()} in {sys.prefix}, {cores()} cores"),
            check_list("packages", unmet, "packages that differ from their pins", REINSTALL),
            check_room("memory", memory()[1], 2, 4, "close other programs or use a larger machine"),
            check_room("disk", shutil.disk_usage(ROOT).free, 1, 6, "delete what you do not need"),
            check_data(DATA),
            check_list("figures", differing, "disagreements with numbers and README", ""),
        ]
        found = {name: trial.result() for name, trial in trials.items()}
        findings += check_gpu(found, wanted=driver or needs_gpu)
        return findings + ([check_network(asked.result())] if asked else [])


def check_list(name: str, problems: list[str], what: str, remedy: str) -> Finding:
    """Report the first of some problems and how many there are."""
    if problems:
        return Finding(name, PROBLEM, f"{len(problems)} {what}, the first: {problems[0]}", remedy)
    return Finding(name, OK, f"no {what}")


def check_room(name: str, free: int, needed_gib: int, advised_gib: int, remedy: str) -> Finding:
    """Check the free bytes of memory or disk: a problem below `needed_gib`."""
    state = PROBLEM if free < needed_gib * GIB else WARNING if free < advised_gib * GIB else OK
    message = f"{free / GIB:.1f} GiB are free, {advised_gib} advised, {needed_gib} needed"
    return Finding(name, state, message, "" if state == OK else remedy)


def check_data(folder: Path) -> Finding:
    """Check the bundled tables against the hashes in their README."""
    remedy = "restore it with `git checkout data`"
    name = "README.md"
    try:
        table = read_marker((folder / name).read_text(), "hashes")
        # Hash the text: another zlib may compress it into other bytes.
        hashes = re.findall(r"`([^`]+\.csv)` \| \d+ \| `([0-9a-f]{64})`", table)
        for name, wanted in hashes:
            text = gzip.decompress((folder / f"{name}.gz").read_bytes())
            if hashlib.sha256(text).hexdigest() != wanted:
                return Finding("data", PROBLEM, f"{name}.gz is not what its README says", remedy)
    except (OSError, InputError, EOFError, zlib.error) as error:
        return Finding("data", PROBLEM, f"{name} cannot be read: {error}", remedy)
    return Finding("data", OK, f"{len(hashes)} tables are what their README says")


def check_gpu(found: Mapping[str, Mapping[str, Any]], *, wanted: bool) -> Iterator[Finding]:
    """Check the GPU, and each engine by what `probes.start` found of it.

    Args:
        found: by name of the engine.
        wanted: there should be a GPU, so having none is a problem.
    """
    version, names = driver_and_names()
    if names:
        yield Finding("GPU", OK, f"{', '.join(names)}, driver {version}")
    elif wanted:
        yield Finding("GPU", PROBLEM, "none is found", FIX_CUDA)
    else:
        yield Finding("GPU", OK, "none; everything runs on the processor")
    for name, engine in found.items():
        if engine.get("timed_out"):
            yield Finding(name, PROBLEM, f"gives {engine['error']}", COLD)
        elif failure := engine.get("error") or engine["failure"]:
            remedy = FIX_CUDA if engine.get("gpus") else REINSTALL
            yield Finding(name, PROBLEM, f"does not work: {failure}", remedy)
        elif wanted and not engine["gpus"]:
            yield Finding(name, PROBLEM, "sees no GPU", FIX_CUDA)
        else:
            yield Finding(name, OK, f"runs on {', '.join(engine['gpus']) or 'the processor'}")


def check_network(found: Mapping[str, Any]) -> Finding:
    """Check what the live price source answered."""
    if "error" in found:
        remedy = "notebooks need no network; scrape later or with another --source"
        return Finding("network", PROBLEM, str(found["error"]), remedy)
    return Finding("network", OK, f"CoinMarketCap answers with {found['days']} days of bitcoin")
