"""What a notebook depends on: an edit of anything else must not run it again."""

import json
import shutil

import pytest

from coincast.paths import NOTEBOOKS, PACKAGE
from coincast.records.used_code import notebook_hash, used_code, used_data

FILES = {
    "__init__.py": "",
    "top.py": '"""Top."""\nfrom tiny.middle import thing\ndef late():\n    import tiny.folder.lazy',
    "middle.py": "import numpy\nfrom tiny import bottom\n",
    "bottom.py": "if TYPE_CHECKING:\n    import tiny.unrelated\nelse:\n    thing = 1\n",
    "unrelated.py": "import tiny.top\n",
    "folder/__init__.py": "",
    "folder/lazy.py": "",
    "folder/other.py": "",
    "folder/look.mplstyle": "",
    "prices/__init__.py": "",
    "prices/sources/__init__.py": 'MODULES: dict[str, str] = {"html": "page", "csv": "table"}\n',
    "prices/sources/page.py": "import tiny.bottom\n",
    "prices/sources/table.py": "",
}  # fmt: skip


def notebook(*sources):
    """Return the text of a notebook with these code cells and a text cell."""
    cells = [{"cell_type": "markdown", "source": ["import tiny.unrelated"]}]
    cells += [{"cell_type": "code", "source": [source]} for source in sources]
    return json.dumps({"cells": cells})


@pytest.fixture
def package(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "tiny"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pandas", []),
        ("%matplotlib inline\n!ls\nimport tiny", ["__init__.py"]),
        ("from tiny.bottom import thing", ["__init__.py", "bottom.py"]),
        ("from tiny import middle", ["__init__.py", "bottom.py", "middle.py"]),
        ("import tiny.folder.other as o", [
            "__init__.py", "folder/__init__.py", "folder/look.mplstyle", "folder/other.py",
        ]),
        ("def f():\n    from tiny import top", [
            "__init__.py", "bottom.py", "folder/__init__.py", "folder/lazy.py",
            "folder/look.mplstyle", "middle.py", "top.py",
        ]),
    ],
)  # fmt: skip
def test_used_code_is_what_is_imported_directly_or_through_others(package, source, expected):
    assert list(used_code(notebook(source), package=package)) == expected


@pytest.mark.parametrize(
    ("price_source", "module"), [("html", "page.py"), ("csv", "table.py"), ("bundled", None)]
)
def test_used_code_holds_the_module_of_the_price_source_alone(package, price_source, module):
    names = used_code(notebook("import tiny.prices.sources"), price_source, package)
    found = {name.removeprefix("prices/sources/") for name in names if "sources/" in name}
    assert found == {"__init__.py", *filter(None, [module])}
    assert ("bottom.py" in names) == (price_source == "html")


@pytest.mark.parametrize("source", ["table?", "from . import top"])
def test_used_code_is_all_modules_where_code_cannot_be_parsed(package, source):
    assert list(used_code(notebook(source), package=package)) == sorted(FILES)


def test_used_code_names_a_module_that_cannot_be_parsed(package):
    before = used_code(notebook("import tiny.top"), package=package)
    (package / "middle.py").write_text("from tiny import (\n")
    assert used_code(notebook("import tiny.top"), package=package)["middle.py"] not in before


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (FILES["top.py"], False),
        (FILES["top.py"].replace("Top", "Changed"), False),
        (FILES["top.py"] + "  # a comment", False),
        (FILES["top.py"].replace("():\n", '(\n):\n    """Import."""\n'), False),
        (FILES["top.py"].replace("late", "soon"), True),
        (FILES["top.py"] + '\n"""No docstring here."""', True),
    ],
)
def test_used_code_changes_with_the_code_and_not_with_comments(package, content, changes):
    before = used_code(notebook("import tiny.top"), package=package)
    (package / "top.py").write_text(content)
    after = used_code(notebook("import tiny.top"), package=package)
    assert {name for name in before if before[name] != after[name]} == (
        {"top.py"} if changes else set()
    )


ALL_TABLES = ["closes.csv.gz", "daily.csv.gz", "hourly.csv.gz", "series.csv.gz", "series.json",
              "speed.json"]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "tables"),
    [
        ("from coincast.records import results", []),
        ("from coincast.paths import DAILY", ["daily.csv.gz"]),
        ("from coincast.paths import HOURLY, SPEED", ["hourly.csv.gz", "speed.json"]),
        ("from coincast import paths", ALL_TABLES),
        ("table?", ALL_TABLES),
    ],
)
def test_used_data_are_the_tables_whose_paths_are_imported(source, tables):
    assert list(used_data(notebook(source))) == tables


def test_notebook_hash_is_of_cells_and_not_of_outputs():
    text = notebook("1 + 1")
    executed = json.loads(text)
    executed["cells"][1]["outputs"] = ["2"]
    executed["metadata"] = {"kernelspec": {}}
    assert notebook_hash(json.dumps(executed)) == notebook_hash(text)
    assert notebook_hash(notebook("1 + 2")) != notebook_hash(text)


def touched(package, name, text):
    """Return the notebooks whose code changes when a module of this package gets more text."""
    notebooks = {path.stem: path.read_text() for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    before = {stem: used_code(content, package=package) for stem, content in notebooks.items()}
    with (package / name).open("a") as file:
        file.write(text)
    return [stem for stem, content in notebooks.items()
            if used_code(content, package=package) != before[stem]]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "stale"),
    [
        ("figures/how_it_works_plots.py", "X = 1\n", ["04_how_it_works"]),
        ("figures/speed_plots.py", "X = 1\n", ["08_speed"]),
        ("runner/execution.py", "X = 1\n", []),
        ("report/readme.py", "X = 1\n", []),
        ("records/results.py", "# a comment\n", []),
        ("prices/sources/wayback.py", "X = 1\n", []),
    ],
)
def test_an_edit_makes_only_those_notebooks_stale_that_use_the_module(tmp_path, name, text, stale):
    shutil.copytree(PACKAGE, tmp_path / "coincast")
    assert touched(tmp_path / "coincast", name, text) == stale
