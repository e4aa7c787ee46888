"""Installing the pinned packages into `.venv`: one line per stage, the rest in a log.

Standard library only, and readable by old Pythons: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environment

if os.name != "nt":
    import fcntl

LOG = environment.ROOT / "build" / "install.log"
LOG_LINES = 15  # shown on failure
WIDTH = 30  # of the progress bar
PIP = ["-m", "pip", "--disable-pip-version-check"]
# Compiled here once, as pip does: where Python may not write bytecode, each process would compile
# all that it imports.
UV = [
    "-m", "uv", "pip", "sync", "--require-hashes", "--compile-bytecode",
    "--python", str(environment.VENV),
]  # fmt: skip


def install(wanted: dict[str, Any]) -> None:
    """Make `.venv` from the pins, or bring it up to date, and stamp it."""
    with only_one():
        if environment.installed() == wanted:  # another command did it while this one waited
            return
        environment.STAMP.unlink(missing_ok=True)
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text("")
        place = LOG.relative_to(environment.ROOT)
        print(f"Installing into {environment.VENV.name}, once; the log is {place}", flush=True)
        # `venv` fails where the system's Python lacks ensurepip (Debian without python3-venv).
        venv = [environment.base_python(), "-m", "venv", str(environment.VENV)]
        require(step("create .venv", venv), "install your system's python3-venv package")
        pins = environment.pins()
        fast = not replaces_index() and install_uv()
        if not (fast and step(f"install {pins.name} with uv", [*UV, str(pins)])):
            slow = step(f"install {pins.name} with pip", [*PIP, "install", *hashed(pins)])
            require(slow, "check network and disk space, then run this command again")
        package = ["--no-deps", "--no-build-isolation", "-e", str(environment.ROOT)]
        require(step("install coincast itself", [*PIP, "install", *package]), "see the log")
        kernel = step("set up its Jupyter kernel", ["-m", "coincast.numerics"])
        require(kernel, "see the log")
        environment.STAMP.write_text(json.dumps(wanted))


def replaces_index() -> bool:
    """Tell whether pip is set to use an index instead of PyPI; uv would not know of it."""
    pip = [str(environment.venv_python()), *PIP, "config", "list"]
    settings = subprocess.run(pip, capture_output=True, text=True, check=False).stdout
    replaced = re.search(r"^[^=]*\.(index-url|no-index)=", settings, flags=re.MULTILINE)
    return bool(replaced) and not any("INDEX" in name for name in os.environ if name[:3] == "UV_")


def install_uv() -> bool:
    """Install the pinned uv into `.venv`, held against its hashes; tell whether it is there."""
    pin = re.search(r"^uv==.*(\n .*)*", environment.pins().read_text(), flags=re.MULTILINE)
    alone = LOG.with_name("uv.txt")
    alone.write_text(pin[0] if pin else "")
    return step("install uv", [*PIP, "install", *hashed(alone)])


def hashed(path: Path) -> list[str]:
    """Give the options to install a list of pins and nothing that differs from its hash."""
    return ["--require-hashes", "-r", str(path)]


def step(name: str, command: list[str]) -> bool:
    """Run one stage of the installation, its output in the log; tell whether it succeeded.

    Args:
        name: what it does, for the one line that it prints.
        command: a program, or the arguments of `.venv`'s Python.
    """
    if command[0] == "-m":
        command = [str(environment.venv_python()), *command]
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    terminal, started = sys.stdout.isatty(), time.monotonic()
    print(f"  {name}", end="", flush=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        begin = log.tell()
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    while process.poll() is None:
        time.sleep(0.1)
        if terminal:
            drawn = bar(LOG.read_bytes()[begin:].decode(errors="replace"))
            print(f"\r\033[K  {name} {drawn}", end="", flush=True)
    state = "" if process.returncode == 0 else ", failed"
    again = f"\r\033[K  {name}" if terminal else ""
    print(f"{again}, {time.monotonic() - started:.0f} s{state}", flush=True)
    return process.returncode == 0


def bar(log: str) -> str:
    """Draw how much is downloaded: uv tells sizes, pip goes through the pins one by one."""
    sizes = {
        name: float(size) for name, size in re.findall(r"Downloading (\S+) \(([\d.]+)MiB", log)
    }
    if sizes:
        done = sum(sizes.get(name, 0) for name in re.findall(r"Downloaded (\S+)", log))
        share = done / sum(sizes.values())
    else:
        wanted = len(re.findall("==", environment.pins().read_text()))
        share = len(re.findall(r"^(Collecting|Processing) ", log, flags=re.MULTILINE)) / wanted
    full = min(int(share * WIDTH), WIDTH)
    return f"[{'#' * full}{'.' * (WIDTH - full)}]" if share else "..."


def require(succeeded: bool, remedy: str) -> None:  # noqa: FBT001
    """Show the end of the log and end with a remedy, unless a stage succeeded."""
    if not succeeded:
        end = LOG.read_text(errors="replace").splitlines()[-LOG_LINES:]
        print(*end, sep="\n", file=sys.stderr)
        environment.fail(f"the installation failed (full log: {LOG}); {remedy}")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold a lock while installing; the system frees it however this process ends."""
    environment.VENV.mkdir(exist_ok=True)
    with (environment.VENV / "lock").open("w") as lock:
        if os.name != "nt":  # two first runs at once are not guarded on Windows
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another command that installs", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
