import json
import re
import shutil

import pytest

from coincast.files import read_marker
from coincast.paths import FIGS, NOTEBOOKS, ROOT
from coincast.records import results
from coincast.records.names import display_name
from coincast.report import readme

TEXT = (ROOT / "README.md").read_text()
RECORDED = results.load(FIGS)


@pytest.fixture
def checkout(tmp_path):
    """Return a folder with both READMEs and the records."""
    (tmp_path / "notebooks").mkdir()
    for name in ("README.md", "notebooks/README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(FIGS, tmp_path / "figs", ignore=shutil.ignore_patterns("*.png"))
    return tmp_path


def change(checkout, change):
    path = checkout / "figs" / "02_ethereum_lstm.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_notebooks_readme_has_a_row_for_each_notebook():
    text = (NOTEBOOKS / "README.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\]\(\w+\.ipynb\)", text, flags=re.MULTILINE)
    assert rows == [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def test_readme_table_holds_the_recorded_errors():
    """Read the numbers out of the Markdown, without the code that wrote them."""
    rows = re.findall(r"^\| \**([^|*]+?)\** +\| (0\.\d+) +\|", TEXT, flags=re.MULTILINE)
    recorded = RECORDED["02_ethereum_lstm"]["values"]["test_mae"]
    known = {display_name(name): round(mae, 4) for name, mae in recorded.items()}
    assert len(rows) == 5
    assert {name: float(mae) for name, mae in rows}.items() <= known.items()


def test_readme_text_beside_tables_is_short():
    assert len(re.sub(r"^\|.*$", "", TEXT, flags=re.MULTILINE).split()) <= 1550


@pytest.mark.parametrize(
    "path", ["README.md", "scripts/README.md", "notebooks/README.md", "data/README.md"]
)
def test_links_lead_to_files(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / path).read_text()):
        assert ((ROOT / path).parent / target).exists(), target


def test_update_readme_writes_what_the_notebook_recorded(checkout):
    change(checkout, lambda content: content.update(readme="MAE 0.1234", figures={"x": "An x."}))
    readme.update_readme(checkout / "README.md", checkout / "figs")
    text = (checkout / "README.md").read_text()
    assert read_marker(text, "02_ethereum_lstm") == "MAE 0.1234\n"
    assert "![An x.](../figs/x.png)" in (checkout / "notebooks" / "README.md").read_text()


def test_update_readme_leaves_it_alone_for_other_parameters(checkout):
    change(checkout, lambda content: content["provenance"]["parameters"].update(seed=2))
    (checkout / "README.md").write_text("untouched")
    line = readme.update_readme(checkout / "README.md", checkout / "figs")
    assert "02_ethereum_lstm" in line
    assert (checkout / "README.md").read_text() == "untouched"
