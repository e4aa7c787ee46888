import json
import re

import pytest

from coincast.errors import InputError
from coincast.files import read_marker
from coincast.paths import FIGS, ROOT
from coincast.records import results
from coincast.report import readme

TEXT = (ROOT / "README.md").read_text()
RECORDED = results.load(FIGS)


def test_readme_says_what_was_recorded():
    assert readme.render(TEXT, RECORDED) == TEXT


def test_readme_shows_every_recorded_figure_and_no_other():
    shown = set(re.findall(r"\(figs/(\w+)\.png\)", TEXT))
    made = {name for content in RECORDED.values() for name in content["figures"]}
    assert shown == made == {path.stem for path in FIGS.glob("*.png")}


def test_readme_table_holds_the_recorded_errors():
    """By another road than the renderer: the numbers are read out of the Markdown."""
    rows = re.findall(r"^\| \**([^|*]+?)\** \| (0\.\d+) \|", TEXT, flags=re.MULTILINE)
    recorded = RECORDED["02_ethereum_lstm"]["values"]["test_mae"]
    assert [float(mae) for _, mae in rows] == [round(mae, 4) for mae in recorded.values()]
    assert [name for name, _ in rows][:2] == ["zero", "train mean"]


def test_readme_table_holds_the_recorded_accuracies():
    """By another road than the renderer: the numbers are read out of the Markdown."""
    form = r"^\| (\d days? ahead) \| \**([^|*]+?)\** \| (\d+) \| (0\.\d+) \|"
    rows = re.findall(form, TEXT, flags=re.MULTILINE)
    tables = RECORDED["03_bitcoin_cnn_lstm"]["values"]["evaluation"]
    recorded = [row for table in tables.values() for row in table.values()]
    assert [int(right) for *_, right, _ in rows] == [row["correct"] for row in recorded]
    assert [float(share) for *_, share in rows] == [round(row["accuracy"], 3) for row in recorded]
    assert [name for _, name, *_ in rows][:2] == ["always up", "majority class"]


def test_committed_results_are_those_of_the_default_parameters():
    for name, content in RECORDED.items():
        assert readme.is_default(name, content), name


def copy_results(folder):
    for path in FIGS.glob("*.json"):
        (folder / path.name).write_text(path.read_text())
    return folder


def test_update_readme_changes_the_number_that_changed(tmp_path):
    figs = copy_results(tmp_path)
    path = figs / "02_ethereum_lstm.json"
    content = json.loads(path.read_text())
    content["values"]["evaluation"]["zero"]["mae"] = 0.1234
    path.write_text(json.dumps(content))
    copy = tmp_path / "README.md"
    copy.write_text(TEXT)
    readme.update_readme(copy, figs)
    assert "| zero | 0.1234 |" in read_marker(copy.read_text(), "ethereum study")


def test_update_readme_leaves_it_alone_for_other_parameters(tmp_path):
    figs = copy_results(tmp_path)
    path = figs / "02_ethereum_lstm.json"
    path.write_text(path.read_text().replace('"seed": 1,', '"seed": 2,'))
    copy = tmp_path / "README.md"
    copy.write_text("untouched")
    assert "left as it was" in readme.update_readme(copy, figs)
    assert copy.read_text() == "untouched"


def test_blocks_ask_for_a_run_where_results_are_missing():
    with pytest.raises(InputError, match=r"no recorded '02_ethereum_lstm'; run"):
        readme.blocks({})
