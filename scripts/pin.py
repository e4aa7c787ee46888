"""Pin the whole environment with uv: requirements.txt and its GPU twin, from setup.cfg."""

from __future__ import annotations

import argparse
import subprocess
import sys

import environment

EXAMPLE = """
example:
  python3 scripts/pin.py
  python3 scripts/pin.py --upgrade     (to the newest releases that setup.cfg allows)
"""


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    line = environment.command_line(__doc__, EXAMPLE)
    line.add_argument(
        "--upgrade", action="store_true", help="allow newer releases than the present pins"
    )
    return line


def main(arguments: argparse.Namespace) -> int:
    """Write both lists; the one for GPUs holds the releases of the other, and more."""
    upgrade = ["--upgrade"] if arguments.upgrade else []
    # One list for every system and Python, with the hash of every download.
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "setup.cfg", "--extra", "dev"]
    uv += ["--universal", "--fork-strategy", "fewest", "--python-version", "3.11"]
    uv += ["--generate-hashes", "--no-annotate"]
    uv += ["--custom-compile-command", "python3 scripts/pin.py"]
    gpu = ["--extra", "gpu", "--constraint", environment.PINS.name]
    for extra, path in (([*upgrade], environment.PINS), ([*upgrade, *gpu], environment.GPU_PINS)):
        output = ["--output-file", str(path.relative_to(environment.ROOT))]
        status = subprocess.call([*uv, *extra, *output], cwd=environment.ROOT)
        if status != 0:
            environment.fail(f"uv could not pin {path.name}; its message is above")
        print(f"pinned {path.name}")
    return 0


if __name__ == "__main__":
    environment.run(main, parser().parse_args())
