"""Prices flow one way: a module imports only from those above it."""

import ast

import pytest

from coincast.paths import PACKAGE

TEXT = """
errors paths surroundings gpu backend files machine schema sources prices venues features windows
baselines models cells explanation checkpoints training ensemble speed evaluation leakage claims
published_faults many_seeds ancestor parameters parameter_values used_code results figures readme
consistency page probes doctor tasks notebook_process failures execution pool lock manifests cluster
reproduction sweeps
"""
ORDER = TEXT.split()


def imported(path):
    """Return the modules of ours that a file imports, as dotted names below the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("coincast"):
            inner = node.module.removeprefix("coincast").lstrip(".")
            yield from [inner] if inner else [alias.name for alias in node.names]


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_module_imports_only_from_those_above_it(path):
    if path.stem == "__init__":
        assert not list(imported(path))
        return
    above = ORDER[: ORDER.index(path.stem)]
    assert {name.split(".")[0] for name in imported(path)} <= set(above)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/*.py")), ids=lambda path: path.stem)
def test_module_of_a_folder_imports_only_from_above_the_folder(path):
    folder = path.parent.name
    allowed = {*ORDER[: ORDER.index(folder)], folder}
    assert {name.split(".")[0] for name in imported(path)} <= allowed


def test_package_holds_no_pickle_and_no_shell():
    for path in PACKAGE.rglob("*.py"):
        names = {
            node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)
        }
        assert not names & {"pickle", "joblib", "eval", "exec"}, path
        assert "shell=True" not in path.read_text(), path
