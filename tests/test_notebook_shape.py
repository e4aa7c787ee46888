"""Notebooks tell the story; what computes lives in the package."""

import ast
import json

import pytest

from coincast.paths import NOTEBOOKS
from coincast.records.parameters import notebook_parameters

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text())


def code(notebook):
    """Yield the code cells as text, without magics and blank lines."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield "\n".join(line for line in lines if line and not line.startswith("%"))


def test_notebook_is_committed_without_outputs(notebook):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)


def test_notebook_defines_nothing_and_does_no_index_arithmetic(notebook):
    for node in ast.walk(ast.parse("\n".join(code(notebook)))):
        assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
        if isinstance(node, ast.Subscript):
            parts = ast.walk(node.slice)
            assert not any(isinstance(part, ast.BinOp | ast.Slice) for part in parts)


def test_notebook_is_short_and_has_as_much_text_as_code(notebook):
    sources = list(code(notebook))
    texts = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    recorded = sources.pop()  # the last cell is a list of what was found
    assert len(sources) < 15
    assert len(texts) >= len(sources) * 0.8
    assert max(len(source.splitlines()) for source in sources) <= 20
    statements = [line for s in sources for line in s.splitlines() if not line.startswith("from ")]
    assert len(statements) <= 100
    assert "results.record(" in recorded


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_parameters_are_typed_literals(path):
    parameters = notebook_parameters(path)
    assert {"source", "end", "quick"} <= set(parameters)
    assert all(type(value) in (str, int, float, bool, list) for value in parameters.values())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_records_under_its_own_name(path):
    text = path.read_text()
    for call in ("results.record(", "results.parameters("):
        assert call in text
    assert text.count(f'\\"{path.stem}\\"') == 2
