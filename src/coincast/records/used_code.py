"""Which files of this package a notebook uses: read from its imports, and theirs in turn."""

import ast
import functools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from coincast.paths import PACKAGE

__all__ = ["code_cells", "used_files"]


def code_cells(notebook: str) -> list[str]:
    """Return the sources of a notebook's code cells, without IPython's magics.

    Args:
        notebook: the text of an .ipynb file.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    sources = [
        "".join(cell["source"])
        for cell in json.loads(notebook)["cells"]
        if cell.get("cell_type") == "code"
    ]
    return ["\n".join(line for line in s.splitlines() if line[:1] not in "%!") for s in sources]


def used_files(sources: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """Return the files of the package that code imports, directly or through others, sorted.

    Imports inside functions count, and so do files that are no code and lie beside a used module,
    such as a style sheet. Code that cannot be read may import anything: then it is all files.

    Args:
        sources: texts of Python code, or of cells that IPython understands.
        package: folder of the package.
    """
    found: set[Path] = set()
    waiting = list(sources)
    try:
        while waiting:
            for path in _imported_files(waiting.pop(), package):
                if path not in found:
                    found.add(path)
                    waiting.append(path.read_text())
    except SyntaxError:
        found = set(package.rglob("*.py"))
    beside = {path for folder in {path.parent for path in found} for path in folder.iterdir()}
    data = {path for path in beside if path.is_file() and path.suffix not in (".py", ".pyc")}
    return sorted(found | data)


def _imported_files(source: str, package: Path) -> Iterator[Path]:
    """Return the files of the modules that code names, and of the packages around them."""
    for name in _imported_names(source):
        first, *inner = name.split(".")
        if first != package.name:
            continue
        for depth in range(len(inner) + 1):
            place = package.joinpath(*inner[:depth])
            yield from filter(Path.is_file, (place / "__init__.py", place.with_suffix(".py")))


@functools.cache
def _imported_names(source: str) -> tuple[str, ...]:
    """Return every dotted name that code may import; the last part may be no module."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise SyntaxError("a relative import: of what, only its place would tell")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(dict.fromkeys(names))
