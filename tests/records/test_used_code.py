"""Which files a notebook uses, on a tiny package: an edit elsewhere must not run it again."""

import json

import pytest

from coincast.paths import PACKAGE
from coincast.records.used_code import code_cells, used_files

FILES = {
    "__init__.py": "",
    "top.py": "from tiny.middle import thing\n\ndef later():\n    import tiny.folder.lazy\n",
    "middle.py": "import numpy\nfrom tiny import bottom\n",
    "bottom.py": "thing = 1\n",
    "unrelated.py": "import tiny.top\n",
    "folder/__init__.py": "",
    "folder/lazy.py": "",
    "folder/other.py": "",
    "folder/look.mplstyle": "",
}


@pytest.fixture
def package(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "tiny"


def used(package, *sources):
    return [path.relative_to(package).as_posix() for path in used_files(sources, package)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pandas", []),
        ("import tiny", ["__init__.py"]),
        ("from tiny.bottom import thing", ["__init__.py", "bottom.py"]),
        ("from tiny import middle", ["__init__.py", "bottom.py", "middle.py"]),
        ("import tiny.folder.other as o", [
            "__init__.py", "folder/__init__.py", "folder/look.mplstyle", "folder/other.py",
        ]),
    ],
)  # fmt: skip
def test_used_files_are_those_imported_directly_or_through_others(package, source, expected):
    assert used(package, source) == expected


def test_used_files_counts_imports_inside_functions(package):
    assert "folder/lazy.py" in used(package, "from tiny import top")
    assert "unrelated.py" not in used(package, "from tiny import top")


@pytest.mark.parametrize("source", ["table?", "from . import top"])
def test_used_files_are_all_where_code_cannot_be_read(package, source):
    assert used(package, source) == sorted(FILES)


def test_code_cells_leaves_out_text_and_magics():
    cells = [
        {"cell_type": "markdown", "source": "import tiny"},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1\n", "!ls\n", "y = 2"]},
    ]
    assert code_cells(json.dumps({"cells": cells})) == ["x = 1\ny = 2"]


def test_used_files_of_the_prices_hold_no_network():
    names = {
        path.relative_to(PACKAGE).as_posix() for path in used_files(["import coincast.prices.load"])
    }
    assert {
        "prices/load.py",
        "prices/schema.py",
        "prices/sources/bundled.py",
        "__init__.py",
    } <= names
    assert not any(name.startswith(("models/", "runner/")) for name in names)
