"""Run every check: lint, form, types, unit and property tests, notebooks, commands."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import environment

EXAMPLE = """
examples:
  python3 scripts/test.py
  python3 scripts/test.py --fast
  python3 scripts/test.py --only tests/test_windows.py
"""
FAST = "not fault and not notebook and not command"
SLOW = {"fault tests": "fault", "notebooks and commands": "(notebook or command) and not fault"}
# Two processes, as many of these tests only wait; a file's tests stay together, in their order.
PYTEST = ["pytest", "-n", "2", "--dist", "loadfile"]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument("--fast", action="store_true", help="leave out faults, notebooks, commands")
    line.add_argument("--only", nargs="+", metavar="PATH", default=[], help="just these tests")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Run the checks one after another, all of them even if one fails."""
    python = [sys.executable, "-m"]
    tests = {"unit and property tests": FAST} | ({} if arguments.fast else SLOW)
    checks = {
        "lint": [*python, "ruff", "check", "."],
        "form": [*python, "ruff", "format", "--check", "."],
        "types": [*python, "mypy"],
    } | {name: [*python, *PYTEST, "-m", marker] for name, marker in tests.items()}
    if arguments.only:
        checks = {"tests": [*python, "pytest", *arguments.only]}
    failed = [name for name, command in checks.items() if not passes(name, command)]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nevery check passed")
    return int(bool(failed))


def passes(name: str, command: list[str]) -> bool:
    """Run one check, showing what it prints and how long it took."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    status = subprocess.call(command, cwd=environment.ROOT)
    print(f"== {name}: {time.monotonic() - started:.0f} s, exit status {status}", flush=True)
    return status == 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
