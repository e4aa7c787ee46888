"""Whether re-executed notebooks give the committed figures and numbers again, and on what machine.

`verify` judges them; `save` and `load` keep the result for the page.
"""

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from coincast.errors import InputError, did_you_mean
from coincast.files import sha256, write_atomically
from coincast.records import machine, results
from coincast.records.gpu import driver_and_names
from coincast.records.plain_json import json_hash
from coincast.report.comparison import Comparison, compare

__all__ = [
    "Run", "Verification", "check_options", "committed_notebooks", "load", "save", "verify",
]  # fmt: skip

EXCLUDED = {"out": "--out", "parameters": "-p", "sweeps": "--sweep", "quick": "--quick"}
MOST_SAVED = 50  # differing values per notebook
X86_64 = ("x86_64", "AMD64")


@dataclass(frozen=True)
class Run:
    """What became of one notebook that was executed again."""

    notebook: str  # its name, for example "02_ethereum_lstm"
    made: Mapping[str, bytes]  # file name -> figure or JSON
    problem: str  # one line; "" if it succeeded
    seconds: float
    peak_gib: float


@dataclass(frozen=True)
class Verification:
    """All comparisons, and the machine that they were made on."""

    comparisons: tuple[Comparison, ...]
    processor: Mapping[str, Any]  # `model` and `instruction_sets`
    system: str  # "Linux x86_64"
    gpus: tuple[str, ...]  # that trained
    committed_sha256: str  # of the files compared with

    @property
    def exit_status(self) -> int:
        """0 if every notebook is reproduced, 1 otherwise."""
        return int(not all(one.passed for one in self.comparisons))

    @property
    def lines(self) -> list[str]:
        """One line per notebook."""
        width = max(len(one.notebook) for one in self.comparisons) + 2
        return [f"{one.notebook:<{width}}{one.line}" for one in self.comparisons]

    @property
    def sentence(self) -> str:
        """How many notebooks are reproduced, how exactly, and on what."""
        passed = [one for one in self.comparisons if one.passed]
        fewest = min((one.digits for one in passed if one.digits), default=None)
        bytewise = all(one.status == "identical" for one in passed)
        numbers = f"at least {fewest} significant digits" if fewest else "the last digit"
        exactly = "the byte" if bytewise else numbers
        sets = self.processor["instruction_sets"]
        widest = "AVX-512" if "avx512f" in sets else "AVX2" if "avx2" in sets else "no AVX2"
        places = [f"{self.processor['model']} ({widest})", *self.gpus, self.system]
        counts = f"{len(passed)} of {len(self.comparisons)} notebooks"
        return f"{counts} reproduced to {exactly} on {', '.join(places)}.{self._caveat()}"

    def _caveat(self) -> str:
        if not self.system.endswith(X86_64):
            return " This processor is not x86-64, so bytes may differ."
        if "avx2" not in self.processor["instruction_sets"]:
            return " No AVX2 was found on this processor, so bytes may differ."
        return ""


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse the options of `reproduce.py` whose results cannot be the committed ones.

    Raises:
        InputError: one of them is given.
    """
    for name, option in EXCLUDED.items():
        if options.get(name):
            raise InputError(
                f"--verify repeats the committed study, so it does not go with {option}: "
                "leave out one of the two"
            )


def committed_notebooks(names: Iterable[str], figs: Path) -> list[str]:
    """The named notebooks, or all that have committed results if none is named.

    Raises:
        InputError: a notebook has no committed results, or there are none, or they are damaged.
    """
    known = [*results.load(figs)]
    wanted = [name.removesuffix(".ipynb") for name in names] or known
    for name in wanted:
        if name not in known:
            raise InputError(
                f"{name} has no results in {figs.name}/ to compare with; "
                f"{did_you_mean(name, known)}run it without --verify first"
            )
    if not known:
        raise InputError(f"no results in {figs} to compare with; run without --verify first")
    return wanted


def verify(runs: Iterable[Run], figs: Path) -> Verification:
    """Compare what notebooks gave now with the committed results.

    Args:
        runs: one per notebook, in any order.
        figs: folder of the committed figures and numbers; only read.
    """
    comparisons = []
    for run in sorted(runs, key=lambda run: run.notebook):
        found = Comparison(run.notebook, "failed", problem=run.problem)
        if not run.problem:
            found = compare(run.notebook, _committed(run.notebook, figs), run.made)
        comparisons.append(replace(found, seconds=run.seconds, peak_gib=run.peak_gib))
    return Verification(
        tuple(comparisons),
        machine.processor(),
        f"{platform.system()} {platform.machine()}",
        tuple(driver_and_names()[1]) if any(one.on_gpu for one in comparisons) else (),
        _folder_hash(figs),
    )


def save(verification: Verification, path: Path) -> None:
    """Write a verification as JSON.

    Raises:
        InputError: the file cannot be written.
    """
    notebooks = []
    for one in verification.comparisons:
        cut = replace(one, differing=one.differing[:MOST_SAVED])
        told = {"line": one.line, "passed": one.passed, "differing_values": len(one.differing)}
        notebooks.append(asdict(cut) | told)
    content = {
        "sentence": verification.sentence,
        "processor": dict(verification.processor),
        "system": verification.system,
        "gpus": verification.gpus,
        "versions": machine.versions("coincast", *machine.LIBRARIES, "pillow"),
        "committed_sha256": verification.committed_sha256,
        "notebooks": notebooks,
    }
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def load(path: Path, figs: Path) -> dict[str, Any] | None:
    """A saved verification for the page; None if there is none.

    Returns:
        What `save` wrote, and `outdated`: whether the committed results have changed since.

    Raises:
        InputError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        content = dict(json.loads(path.read_text()))
        for part in ("sentence", "processor", "system", "gpus", "versions"):
            content[part]
        for one in content["notebooks"]:
            one["notebook"], one["line"], one["seconds"] + one["peak_gib"]
        return content | {"outdated": content["committed_sha256"] != _folder_hash(figs)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error!r}; run with --verify again") from error


def _committed(notebook: str, figs: Path) -> dict[str, bytes]:
    """Content of the JSON of a notebook and of the figures that it names, by file name."""
    record = figs / f"{notebook}.json"
    figures = [figs / f"{name}.png" for name in json.loads(record.read_bytes()).get("figures", {})]
    return {path.name: path.read_bytes() for path in (record, *figures) if path.exists()}


def _folder_hash(figs: Path) -> str:
    """A hash of all committed results."""
    return json_hash({path.name: sha256(path) for path in figs.glob("*.*")})
