"""Say what works on this machine and in this checkout, and how to fix the rest."""

from __future__ import annotations

import argparse
import json

import environment

EXAMPLE = """
Exit status 1 if there is a problem; a warning is none. Nothing is installed or changed.

examples:
  python3 scripts/doctor.py
  python3 scripts/doctor.py --gpu             (having no GPU is a problem)
  python3 scripts/doctor.py --network --json
"""
BROKEN = (ImportError, AttributeError, OSError, SyntaxError)  # raised by half a package


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument("--gpu", action="store_true", help="a GPU is needed")
    network = "ask the live price source too, or another server that answers like it"
    line.add_argument("--network", nargs="?", const="", metavar="URL", help=network)
    line.add_argument("--json", action="store_true", help="a list of findings, for scripts")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Print every finding; give 1 if there is a problem among them."""
    from coincast.report.doctor import examine

    findings = examine(
        environment.unmet_pins(),
        driver=environment.has_nvidia_driver(),
        needs_gpu=arguments.gpu,
        network=arguments.network,
    )
    if arguments.json:
        print(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        print(*findings, sep="\n")
    return int(any(finding.state == "problem" for finding in findings))


def fail(message: str, *, as_json: bool) -> None:
    """Print the one problem that prevents every other check, and end."""
    remedy = "remove .venv and run `python3 scripts/reproduce.py`, which installs it"
    finding = {"name": "environment", "state": "problem", "message": message, "remedy": remedy}
    print(json.dumps([finding]) if as_json else f"problem  environment: {message}; {remedy}")
    raise SystemExit(1)


if __name__ == "__main__":
    given = parser().parse_args()
    try:
        if not environment.is_ready():
            fail(".venv is missing, half installed or out of date", as_json=given.json)
        environment.run(main, given)
    except BROKEN as error:
        fail(f"the packages cannot be imported: {error}", as_json=given.json)
