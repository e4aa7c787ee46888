"""What a notebook's results depend on: its cells, the modules it imports and the data they read.

Imports are followed by reading the code, not by running it. A module counts as its syntax tree
without docstrings, so that comments and formatting change nothing.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from coincast.files import sha256
from coincast.paths import PACKAGE, TABLES
from coincast.records.plain_json import json_hash, parse_json

__all__ = ["cells", "notebook_hash", "used_code", "used_data"]

SOURCES = "prices/sources/__init__.py"  # its MODULES: name of a price source -> its module
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def cells(notebook: str) -> list[tuple[str, str]]:
    """Type and source of each cell in the text of an .ipynb file.

    Raises:
        ValueError, KeyError, TypeError: the text is not a notebook.
    """
    found = parse_json(notebook)["cells"]
    return [(cell.get("cell_type", ""), "".join(cell["source"])) for cell in found]


def notebook_hash(notebook: str) -> str:
    """Hash of a notebook's cells, text and code; outputs and metadata don't count."""
    return json_hash(cells(notebook))


def used_code(
    notebook: str, price_source: str = "bundled", package: Path = PACKAGE
) -> dict[str, str]:
    """Hash of each file of the package that a notebook uses, by its path in the package.

    These are the modules it imports, directly or through others, also inside functions; the
    module of the price source; and files other than code beside them, such as a style sheet.
    If some code cannot be parsed, every module of the package counts.

    Args:
        notebook: text of an .ipynb file.
        price_source: its `source` parameter.
        package: folder of the package.
    """
    try:
        modules = _used_modules(notebook, price_source, package)
        hashes = {path: _parse(text)[1] for path, text in modules.items()}
    except SyntaxError:
        hashes = {path: sha256(path) for path in package.rglob("*.py")}
    for folder in {path.parent for path in hashes}:
        beside = [path for path in folder.iterdir() if path.suffix not in (".py", ".pyc")]
        hashes |= {path: sha256(path) for path in beside if path.is_file()}
    return {path.relative_to(package).as_posix(): hashes[path] for path in sorted(hashes)}


def used_data(notebook: str, price_source: str = "bundled") -> dict[str, str]:
    """Hash of each bundled table that a notebook's code reads, by file name.

    Code imports the table's path from `coincast.paths`. If it imports the folder `DATA` or the
    whole module instead, every table counts.
    """
    try:
        modules = _used_modules(notebook, price_source, PACKAGE)
        texts = [*_code(notebook), *modules.values()]
        names = {name for text in texts for name in _parse(text)[0]}
    except SyntaxError:
        names = {"coincast.paths"}
    every = not names.isdisjoint({"coincast.paths", "coincast.paths.DATA"})
    used = [path for name, path in TABLES.items() if every or f"coincast.paths.{name}" in names]
    return {path.name: sha256(path) for path in used}


def _code(notebook: str) -> list[str]:
    """Sources of a notebook's code cells, without IPython's magics."""
    code = [source for kind, source in cells(notebook) if kind == "code"]
    return ["\n".join(line for line in s.splitlines() if line[:1] not in "%!") for s in code]


def _used_modules(notebook: str, price_source: str, package: Path) -> dict[Path, str]:
    """Path and text of every module that a notebook imports.

    Raises:
        SyntaxError: some code cannot be parsed, and might import anything.
    """
    files = {_module_name(path, package): path for path in package.rglob("*.py")}
    found: dict[Path, str] = {}
    waiting = _code(notebook)
    while waiting:
        for path in _imported_files(waiting.pop(), files):
            if path not in found:
                found[path] = path.read_text()
                waiting.append(found[path])
                if path == package / SOURCES:
                    waiting.append(_import_of_source(found[path], price_source, package))
    return found


def _module_name(path: Path, package: Path) -> str:
    """Dotted name of a module from the path of its file."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if path.name == "__init__.py" else parts)


def _imported_files(source: str, files: dict[str, Path]) -> Iterator[Path]:
    """Files of the modules that code imports, and of the packages that contain them."""
    for name in _parse(source)[0]:
        parts = name.split(".")
        names = (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        yield from (files[name] for name in names if name in files)


def _import_of_source(sources: str, name: str, package: Path) -> str:
    """Import of the module that loads prices from a source, which code imports only by name."""
    for statement in ast.parse(sources).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="MODULES")], value=value)
                | ast.AnnAssign(target=ast.Name(id="MODULES"), value=ast.Dict() as value)
            ):
                module = ast.literal_eval(value).get(name)
                return f"import {package.name}.prices.sources.{module}" if module else ""
    return ""


@functools.cache
def _parse(source: str) -> tuple[tuple[str, ...], str]:
    """Dotted names that code may import, and the hash of its syntax tree without docstrings.

    The last part of a name need not be a module.

    Raises:
        SyntaxError: the code cannot be parsed, or is nested too deeply.
    """
    try:
        tree = ast.parse(source)
        names = tuple(dict.fromkeys(_imported_names(tree)))
        return names, json_hash(_canonical(tree))
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error


def _imported_names(node: ast.AST) -> Iterator[str]:
    """Names that a node's imports run; those for type checkers don't."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom(module=str(), level=0):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        case ast.ImportFrom():
            raise SyntaxError("a relative import: only its file would tell of what")
        case ast.expr():  # holds no statement
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            yield from (name for child in node.orelse for name in _imported_names(child))
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _imported_names(child)


def _canonical(node: object) -> object:
    """Syntax tree as lists, without docstrings.

    Empty fields are left out, because which there are depends on Python's version.
    """
    if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        del node.body[0]
    if isinstance(node, ast.AST):
        fields = [(name, getattr(node, name, None)) for name in node._fields]
        kept = [[name, _canonical(value)] for name, value in fields if value not in (None, [])]
        return [type(node).__name__, *kept]
    return [_canonical(item) for item in node] if isinstance(node, list) else repr(node)
