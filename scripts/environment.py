"""The one step before every command: a `.venv` that holds exactly the pinned packages.

Standard library only, and readable by old Pythons: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "coincast.json"  # what was installed; written last, so half an install has none
PINS = ROOT / "requirements.txt"
GPU_PINS = ROOT / "scripts" / "requirements-gpu.txt"
PYTHONS = [(3, 11), (3, 12), (3, 13)]  # those that the pinned TensorFlow has wheels for
BAD_INPUT = 2


def run(main: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> None:
    """Call a command inside the environment; report in one line what the user can fix."""
    prepare_streams()
    end_on_signals()
    try:
        activate()
    except KeyboardInterrupt:
        fail("interrupted", 130)
    from coincast.errors import InputError

    name = Path(sys.argv[0]).name
    warnings.formatwarning = lambda message, *_, **__: f"{name}: warning: {printable(message)}\n"

    try:
        status = main(arguments)
        sys.stdout.flush()
        sys.exit(status)
    except InputError as error:
        fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        fail("interrupted", 130)
    except OSError:
        require_output()
        raise


def command_line(description: str | None, examples: str) -> argparse.ArgumentParser:
    """A command line without options; its help ends with examples."""
    return argparse.ArgumentParser(
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def prepare_streams() -> None:
    """Have standard output take every character; replace streams that are closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # or the next file opened would take its number
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def end_on_signals() -> None:
    """End by an exception, which cleans up, when the terminal closes or the system asks to."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows lacks SIGHUP
        if number and signal.getsignal(number) == signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def require_output() -> None:
    """End with one line if standard output takes no more: a full disk or a closed pipe."""
    try:
        print(flush=True)
    except OSError as error:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())  # what is left is not tried again at the exit
        fail(f"cannot write to standard output: {error.strerror}")


def printable(text: object) -> str:
    """Give a text for one line of a terminal: what would steer it is escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def fail(message: str, status: int = 1) -> NoReturn:
    """End with one line on stderr."""
    tell(message)
    sys.exit(status)


def tell(message: str) -> None:
    """Print one line on stderr."""
    with contextlib.suppress(OSError):  # standard error is full or closed
        print(f"{Path(sys.argv[0]).name}: {printable(message)}", file=sys.stderr)


def activate() -> None:
    """Return inside an environment with the pins: this one, or else start again in `.venv`."""
    if Path(sys.prefix).resolve() != VENV and is_suitable():
        return
    wanted = describe()
    if installed() != wanted:
        import installation

        installation.install(wanted)
    if Path(sys.prefix).resolve() == VENV:
        return
    command = [str(venv_python()), str(Path(sys.argv[0]).resolve()), *sys.argv[1:]]
    if os.name == "nt":  # there exec would hand the prompt back before the command ends
        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(command[0], command)


def is_ready() -> bool:
    """Tell whether a command could begin at once, with nothing to install."""
    if Path(sys.prefix).resolve() != VENV and is_suitable():
        return True
    return installed() == describe()


def pins() -> Path:
    """Return the list of pins for this machine."""
    return GPU_PINS if has_nvidia_driver() else PINS


def has_nvidia_driver() -> bool:
    """Tell whether an NVIDIA driver answers on this machine (only Linux has GPU wheels)."""
    if platform.system() != "Linux":
        return False
    if Path("/proc/driver/nvidia/version").exists():
        return True
    program = shutil.which("nvidia-smi")
    return program is not None and works([program, "-L"])


def works(command: list[str]) -> bool:
    """Tell whether a command ends well, without showing what it prints."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def describe() -> dict[str, Any]:
    """Return what decides the content of `.venv`: change any of it and it is brought up to date."""
    digest = hashlib.sha256()
    for path in (pins(), ROOT / "setup.cfg", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return {"root": str(ROOT), "pins": pins().name, "sha256": digest.hexdigest()}


def installed() -> dict[str, Any] | None:
    """Return what the `.venv` was made from, None if it is not whole."""
    try:
        return json.loads(STAMP.read_text()) if venv_python().exists() else None
    except (OSError, ValueError):
        return None


def is_suitable() -> bool:
    """Tell whether the running Python already has every pin and this checkout's package."""
    package = importlib.util.find_spec("coincast")
    if package is None or not str(package.origin).startswith(str(ROOT)):
        return False
    return not any(unmet_pins())


def unmet_pins() -> Iterator[str]:
    """Yield each pin that the running Python does not have: "numpy 1.0, pinned ==2.4.6"."""
    from packaging.requirements import Requirement

    for line in re.findall(r"^([^\s#-][^\\\n]*)", pins().read_text(), flags=re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            version = "missing"
        if version == "missing" or not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} {version}, pinned {requirement.specifier}"


def venv_python() -> Path:
    """Return the interpreter of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def base_python() -> str:
    """Return an interpreter that the pins have wheels for."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for major, minor in reversed(PYTHONS):
        program = shutil.which(f"python{major}.{minor}")
        if program and works([program, "-c", "import ensurepip"]):
            return program
    versions = ", ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    fail(f"Python {platform.python_version()} is not among {versions}; install one of them")
