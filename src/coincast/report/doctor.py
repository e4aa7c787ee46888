"""What of this machine and checkout fits, what does not, and what to do about it."""

import gzip
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from coincast.errors import InputError
from coincast.files import read_marker
from coincast.models.backend import BACKENDS
from coincast.paths import DATA, FIGS, NOTEBOOKS, ROOT
from coincast.records.gpu import driver_and_names
from coincast.records.machine import cores, memory
from coincast.report import consistency, probes

__all__ = ["OK", "PROBLEM", "WARNING", "Finding", "examine"]

OK, WARNING, PROBLEM = "ok", "warning", "problem"
GIB = 2**30
NEEDED_MEMORY, NEEDED_DISK, ROOMY_DISK = 4 * GIB, GIB, 6 * GIB  # .venv takes 3.3 GB
REPRODUCE = "run `python3 scripts/reproduce.py`"
AFRESH = f"remove .venv and {REPRODUCE}"
CUDA = f"see that `nvidia-smi` lists the GPU, then {AFRESH}, which installs the CUDA builds"
TOOLS = {  # program -> what cannot be done without it
    "git": "bring back what is committed",
    "chromium": "test the page of figures",
    "chromedriver": "test the page of figures",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its state ("ok", "warning" or "problem") and what to do."""

    name: str
    state: str
    told: str
    remedy: str = ""

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.state:<8} {self.name}: {'; '.join(filter(None, (self.told, self.remedy)))}"


def examine(
    unmet_pins: Iterable[str] = (),
    *,
    driver: bool = False,
    needs_gpu: bool = False,
    network: str | None = None,
) -> list[Finding]:
    """Look at everything; the slow parts at once, each in a process of its own.

    Args:
        unmet_pins: packages that are not as pinned, as `environment.unmet_pins` tells them.
        driver: an NVIDIA driver answers.
        needs_gpu: no GPU is a problem.
        network: address of the live price source, "" for its own; None does not ask.
    """
    with ThreadPoolExecutor() as pool:
        engines = {name: pool.submit(probes.start, name) for name in BACKENDS}
        asked = None if network is None else pool.submit(probes.start, "network", network)
        findings = [
            Finding("Python", OK, f"{platform.python_version()} in {sys.prefix}"),
            check_packages(list(unmet_pins)),
            check_backend(),
            check_memory(*memory()),
            check_disk(shutil.disk_usage(ROOT).free),
            Finding("cores", OK, str(cores())),
            check_data(DATA),
            check_figures(),
            *check_tools(),
        ]
        found = {name: engine.result() for name, engine in engines.items()}
        findings += check_gpu(found, driver=driver, needed=needs_gpu)
        return findings + ([check_network(asked.result())] if asked else [])


def check_packages(unmet: list[str]) -> Finding:
    """Judge the installed versions by those that are not as pinned."""
    if unmet:
        more = f" and {len(unmet) - 3} more" if len(unmet) > 3 else ""  # noqa: PLR2004
        return Finding("packages", PROBLEM, f"{', '.join(unmet[:3])}{more}", AFRESH)
    return Finding("packages", OK, "all as pinned")


def check_backend(environment: Mapping[str, str] = os.environ) -> Finding:
    """Judge what Keras runs on where nobody chooses: by variable, then by its own file."""
    home = Path(environment.get("KERAS_HOME") or Path.home() / ".keras")
    name, place = environment.get("KERAS_BACKEND", ""), "KERAS_BACKEND"
    try:
        told = json.loads((home / "keras.json").read_text())
        if not name and "backend" in told:
            name, place = str(told["backend"]), f"{home / 'keras.json'}"
    except (OSError, ValueError, TypeError):
        pass  # Keras itself goes on without
    remedy = f"take it out of {place}: the committed numbers are TensorFlow's"
    if name not in ("", *BACKENDS):
        return Finding("Keras backend", PROBLEM, f"{name!r} is not supported", remedy)
    if name == "jax":
        return Finding("Keras backend", WARNING, "jax, by your own choice", remedy)
    return Finding("Keras backend", OK, "tensorflow")


def check_memory(total: int, available: int) -> Finding:
    """Judge bytes of memory."""
    told = f"{available / GIB:.1f} of {total / GIB:.1f} GiB are free"
    needed = f"a whole reproduction needs {NEEDED_MEMORY / GIB:.0f} GiB"
    if total < NEEDED_MEMORY:
        return Finding("memory", PROBLEM, told, f"{needed}: use a larger machine")
    if available < NEEDED_MEMORY:
        return Finding("memory", WARNING, told, f"{needed}: end other programs")
    return Finding("memory", OK, told)


def check_disk(free: int) -> Finding:
    """Judge bytes that are free where the checkout is."""
    told = f"{free / GIB:.1f} GiB are free"
    if free < NEEDED_DISK:
        return Finding("disk", PROBLEM, told, f"free {NEEDED_DISK / GIB:.0f} GiB: figures need it")
    if free < ROOMY_DISK:
        return Finding("disk", WARNING, told, f"free {ROOMY_DISK / GIB:.0f} GiB for a new .venv")
    return Finding("disk", OK, told)


def check_data(folder: Path) -> Finding:
    """Hold the bundled tables against the hashes in their README."""
    remedy = "restore it with `git checkout data`"
    name = "README.md"
    try:
        table = read_marker((folder / name).read_text(), "hashes")
        known = dict(re.findall(r"`([^`]+)` \| \d+ \| `([0-9a-f]{64})`", table))
        # The text is what counts: another zlib may pack it into other bytes.
        for name in (name for name in known if name.endswith(".csv")):
            text = gzip.decompress((folder / f"{name}.gz").read_bytes())
            if hashlib.sha256(text).hexdigest() != known[name]:
                return Finding("data", PROBLEM, f"{name}.gz is not what its README says", remedy)
    except (OSError, InputError, EOFError, zlib.error) as error:
        return Finding("data", PROBLEM, f"{name} cannot be read: {error}", remedy)
    return Finding("data", OK, f"{len(known) // 2} tables are what their README says")


def check_figures() -> Finding:
    """Hold the committed figures, their numbers and the README against each other."""
    found = consistency.problems(ROOT / "README.md", FIGS, NOTEBOOKS)
    if not found:
        return Finding("figures", OK, "figures, numbers and README agree")
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    return Finding("figures", PROBLEM, f"{found[0]}{more}")


def check_tools() -> Iterator[Finding]:
    """Look for the notebooks' kernel, and for programs of the system that some tasks need."""
    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
        if not shutil.which(program):
            yield Finding("kernel", PROBLEM, f"'python3' would start {program}, not there", AFRESH)
        else:
            yield Finding("kernel", OK, "'python3' is there")
    except NoSuchKernel:
        yield Finding("kernel", PROBLEM, "Jupyter has no kernel 'python3'", AFRESH)
    if missing := [name for name in TOOLS if not shutil.which(name)]:
        purposes = ", ".join(dict.fromkeys(TOOLS[name] for name in missing))
        remedy = f"install it from the system's packages to {purposes}"
        yield Finding("tools", WARNING, f"no {', no '.join(missing)}", remedy)
    else:
        yield Finding("tools", OK, ", ".join(TOOLS))


def check_gpu(
    engines: Mapping[str, Mapping[str, Any]], *, driver: bool, needed: bool
) -> Iterator[Finding]:
    """Judge the GPU and what each engine makes of it.

    Args:
        engines: what `probes.start` found of each.
        driver: an NVIDIA driver answers, so that the engines should see a GPU.
        needed: no GPU is a problem.
    """
    version, names = driver_and_names()
    wanted = driver or needed
    if names:
        yield Finding("GPU", OK, f"{', '.join(names)}, driver {version}")
    elif wanted:
        yield Finding("GPU", PROBLEM, "none is found", CUDA)
    else:
        yield Finding("GPU", OK, "none; everything runs on the processor")
    for name, found in engines.items():
        yield _judge_engine(name, found, wanted=wanted)
    for name, found in engines.items():
        if found.get("gpus"):
            yield _judge_lstm(name, str(found["cudnn_lstm"]))


def _judge_engine(name: str, found: Mapping[str, Any], *, wanted: bool) -> Finding:
    if "error" in found:
        return Finding(
            name, PROBLEM, f"does not start: {found['error']}", f"try again, or {AFRESH}"
        )
    if found["xla"]:
        return Finding(name, PROBLEM, f"XLA does not compile: {found['xla']}", AFRESH)
    if wanted and not found["gpus"]:
        return Finding(name, PROBLEM, "sees no GPU", CUDA)
    return Finding(name, OK, f"runs on {', '.join(found['gpus']) or 'the processor'}, XLA compiles")


def _judge_lstm(name: str, failure: str) -> Finding:
    if failure:
        return Finding(f"cuDNN LSTM on {name}", PROBLEM, f"does not run: {failure}", CUDA)
    return Finding(f"cuDNN LSTM on {name}", OK, "runs")


def check_network(found: Mapping[str, Any]) -> Finding:
    """Judge what the live price source answered."""
    if "error" in found:
        remedy = "notebooks need no network; scrape later or with another --source"
        return Finding("network", PROBLEM, str(found["error"]), remedy)
    return Finding("network", OK, f"CoinMarketCap answers with {found['days']} days of bitcoin")
