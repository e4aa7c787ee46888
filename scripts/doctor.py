"""Say what of this machine and checkout fits, and what to do about the rest."""

from __future__ import annotations

import argparse
import json
import sys

import environment

EXAMPLE = """
Exit status 0 without problems; warnings are none. Nothing is installed or changed.

examples:
  python3 scripts/doctor.py
  python3 scripts/doctor.py --gpu             (where no GPU is a problem)
  python3 scripts/doctor.py --network --json
"""
BROKEN = (ImportError, AttributeError, OSError, SyntaxError)  # what half a package raises


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument("--gpu", action="store_true", help="a GPU is needed")
    line.add_argument(
        "--network",
        nargs="?",
        const="",
        metavar="URL",
        help="ask the live price source too, or another server that answers like it",
    )
    line.add_argument("--json", action="store_true", help="a list of findings, for scripts")
    return line


def main(arguments: argparse.Namespace) -> int:
    """Print every finding; 1 if there is a problem among them."""
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


def end(told: str, *, as_json: bool) -> None:
    """Say the one thing that keeps everything else from being looked at."""
    remedy = "remove .venv and run `python3 scripts/reproduce.py`, which installs it"
    finding = {"name": "environment", "state": "problem", "told": told, "remedy": remedy}
    line = "{state:<8} {name}: {told}; {remedy}".format(**finding)
    print(json.dumps([finding], indent=2) if as_json else line)
    sys.exit(1)


if __name__ == "__main__":
    given = parser().parse_args()
    try:
        if not environment.is_ready():
            end(".venv is missing, half installed or out of date", as_json=given.json)
        environment.run(main, given)
    except BROKEN as error:
        end(f"the packages cannot be imported: {error}", as_json=given.json)
