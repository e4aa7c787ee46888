"""Whatever disagreement is planted among figures, records and READMEs is named."""

import json
import shutil

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from coincast.paths import FIGS, ROOT
from coincast.records import results
from coincast.report import consistency

STUDY = "02_ethereum_lstm"


def draw(path, marks):
    info = PngInfo()
    for mark, text in marks.items():
        info.add_text(mark, text)
    Image.new("RGB", (1, 1)).save(path, pnginfo=info)


def problem(checkout):
    """Return the one problem of a checkout."""
    (found,) = consistency.problems(checkout / "README.md", checkout / "figs")
    return found


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout of the committed records and READMEs, its figures of one pixel."""
    for name in ("README.md", "notebooks/README.md", "figs/any.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    for name in ("README.md", "notebooks/README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, content in results.load(FIGS).items():
        shutil.copy(FIGS / f"{name}.json", tmp_path / "figs")
        for figure in content["figures"]:
            draw(tmp_path / f"figs/{figure}.png", results.figure_marks(content["provenance"]))
    return tmp_path


def test_problems_is_empty_where_all_fits_together(checkout):
    assert consistency.problems(checkout / "README.md", checkout / "figs") == []


def test_committed_figures_records_and_readmes_agree():
    assert consistency.problems(ROOT / "README.md", FIGS) == []


def test_problems_names_a_figure_without_origin(checkout):
    shutil.copy(checkout / "figs" / "loss.png", checkout / "figs" / "mine.png")
    assert problem(checkout).startswith("mine.png")


@pytest.mark.parametrize("keep", [None, 0, 40])
def test_problems_names_a_missing_or_damaged_figure(checkout, keep):
    path = checkout / "figs" / "loss.png"
    content = path.read_bytes()
    path.unlink()
    if keep is not None:
        path.write_bytes(content[:keep])
    assert problem(checkout).startswith(f"loss.png, named by {STUDY}.json")


@pytest.mark.parametrize("mark", ["Notebook", "Parameters-SHA256", "Data-SHA256"])
def test_problems_names_the_mark_of_a_figure_from_another_run(checkout, mark):
    marks = results.figure_marks(results.load(FIGS)[STUDY]["provenance"])
    draw(checkout / "figs" / "loss.png", marks | {mark: "0123456789abcdef"})
    expected = f"loss.png has {mark} 0123456789ab, {STUDY}.json has {marks[mark][:12]}"
    assert problem(checkout) == expected


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda content: content.update(readme="Better."), "README.md"),
        (lambda content: content.pop("readme"), STUDY),
        (lambda content: content["provenance"]["parameters"].update(seed=7), f"{STUDY}.json"),
        (
            lambda content: content["provenance"].update(reads={"01_prices": "other"}),
            f"{STUDY}.json was made from other values than 01_prices has recorded",
        ),
        (lambda content: content.pop("values"), f"{STUDY}.json has no values"),
        (lambda content: content.pop("provenance"), f"{STUDY}.json has no provenance"),
        (lambda content: content["provenance"].pop("data"), f"{STUDY}.json has no data"),
    ],
)
def test_problems_names_what_does_not_fit_a_changed_record(checkout, change, named):
    path = checkout / "figs" / f"{STUDY}.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    assert named in problem(checkout)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_problems_names_a_damaged_record(checkout, text):
    (checkout / "figs" / f"{STUDY}.json").write_text(text)
    assert f"{STUDY}.json" in problem(checkout)


def test_problems_names_a_readme_without_its_markers(checkout):
    (checkout / "README.md").write_text("# coincast\n")
    assert f"<!-- begin {STUDY} -->" in problem(checkout)
