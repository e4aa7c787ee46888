"""Run every check: lint, format, types, imports, unit and property tests, notebooks, commands."""

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
  python3 scripts/test.py --only tests/datasets/test_windows.py
"""
# Two processes, because many tests only wait; the tests of a file stay together, in order.
PYTEST = ["-m", "pytest", "-n", "2", "--dist", "loadfile", "-m"]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"
FAST = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "imports": ["-c", LINT_IMPORTS, "--no-logo", "--no-cache"],
    "unit and property tests": [*PYTEST, "not fault and not notebook and not command"],
}
# One process more, because faults wait most of the time. The emulated processor takes longest, so
# its file comes first.
EMULATED = "tests/test_second_processor.py"
OTHERS = sorted(f"tests/{path.name}" for path in (environment.ROOT / "tests").glob("[a-z]*"))
SLOW = {
    "faults, notebooks and commands": [
        "-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder",
        "-m", "fault or notebook or command",
        EMULATED, *(path for path in OTHERS if path not in (EMULATED, "tests/support")),
    ],
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("--fast", action="store_true", help="leave out faults, notebooks, commands")
    line.add_argument("--only", nargs="+", metavar="PATH", help="just these tests")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Run the checks one after another, all of them even if one fails."""
    checks = FAST if arguments.fast else FAST | SLOW
    if arguments.only:
        checks = {"tests": ["-m", "pytest", *arguments.only]}
    failed = [name for name, command in checks.items() if not passes(name, command)]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nevery check passed")
    return int(bool(failed))


def passes(name: str, command: list[str]) -> bool:
    """Run one check, showing what it prints and how long it took."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    status = subprocess.call([sys.executable, *command], cwd=environment.ROOT)
    print(f"== {name}: {time.monotonic() - started:.0f} s, exit status {status}", flush=True)
    return status == 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
