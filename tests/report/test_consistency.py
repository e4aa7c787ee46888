"""Whatever disagreement is planted among figures, records and README is named."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from coincast.paths import FIGS, NOTEBOOKS, ROOT
from coincast.records import results
from coincast.records.plain_json import json_hash
from coincast.report import consistency

STUDY = "02_ethereum_lstm"


@dataclass
class Checkout:
    """A made-up checkout: the committed records, marked pictures of one pixel, the README."""

    root: Path

    @property
    def figs(self):
        return self.root / "figs"

    def problems(self):
        return consistency.problems(self.root / "README.md", self.figs, self.root / "notebooks")

    def change(self, notebook, change):
        path = self.figs / f"{notebook}.json"
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    def draw(self, name, marks):
        told = PngInfo()
        for mark, text in marks.items():
            told.add_text(mark, text)
        Image.new("RGB", (1, 1)).save(self.figs / f"{name}.png", pnginfo=told)


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path)
    made.figs.mkdir()
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    for name, content in results.load(FIGS).items():
        provenance = content["provenance"]
        provenance["parameters_sha256"] = json_hash(provenance["parameters"])
        provenance["data_sha256"] = json_hash(provenance["data"])
        (made.figs / f"{name}.json").write_text(json.dumps(content))
        for figure in content["figures"]:
            made.draw(figure, results.figure_marks(provenance))
    return made


def test_problems_is_empty_where_all_fits_together(checkout):
    assert checkout.problems() == []


def test_problems_names_a_figure_without_origin(checkout):
    shutil.copy(checkout.figs / "loss.png", checkout.figs / "mine.png")
    (problem,) = checkout.problems()
    assert problem.startswith("figs/mine.png has no recorded origin; run")


def test_problems_names_a_figure_of_two_records(checkout):
    checkout.change("01_prices", lambda content: content["figures"].update(loss="A loss."))
    assert f"figs/loss.png is named by 01_prices and {STUDY}" in checkout.problems()[0]


def test_problems_names_a_recorded_figure_that_is_gone(checkout):
    (checkout.figs / "loss.png").unlink()
    (problem,) = checkout.problems()
    assert problem.startswith(f"figs/loss.png is named by {STUDY}.json but is not there")


@pytest.mark.parametrize("keep", [0, 4, 40])
def test_problems_names_a_damaged_figure(checkout, keep):
    path = checkout.figs / "loss.png"
    path.write_bytes(path.read_bytes()[:keep])
    (problem,) = checkout.problems()
    assert problem.startswith("figs/loss.png is damaged: ")


@pytest.mark.parametrize("mark", ["Notebook", "Parameters-SHA256", "Data-SHA256"])
def test_problems_names_the_mark_of_a_figure_from_another_run(checkout, mark):
    marks = results.figure_marks(results.load(checkout.figs)[STUDY]["provenance"])
    checkout.draw("loss", marks | {mark: "0123456789abcdef"})
    (problem,) = checkout.problems()
    expected = marks[mark][:12]
    assert problem.startswith(f"figs/loss.png has {mark} 0123456789ab, {STUDY}.json has {expected}")


def test_problems_names_a_figure_without_marks(checkout):
    checkout.draw("loss", {})
    assert [problem.split(",")[0] for problem in checkout.problems()] == [
        f"figs/loss.png has {mark} None"
        for mark in ("Notebook", "Parameters-SHA256", "Data-SHA256")
    ]


def test_problems_names_the_part_of_the_readme_that_differs(checkout):
    def better(content):
        content["values"]["evaluation"]["lstm"]["mae"] = 0.0531

    checkout.change(STUDY, better)
    (problem,) = checkout.problems()
    assert problem.startswith("README.md: its part 'ethereum study' is not what was recorded")


def test_problems_names_a_caption_that_the_readme_does_not_have(checkout):
    checkout.change(STUDY, lambda content: content["figures"].update(loss="Another caption."))
    (problem,) = checkout.problems()
    assert "part 'figures' is not what was recorded" in problem


@pytest.mark.parametrize("part", ["parameters", "data"])
def test_problems_names_a_record_whose_content_is_not_what_it_hashed(checkout, part):
    def touch(content):
        provenance = content["provenance"]
        if part == "data":
            provenance["data"][0]["rows"] += 1
        else:
            provenance["parameters_sha256"] = "0" * 64

    checkout.change(STUDY, touch)
    assert f"{STUDY}.json: its {part} are not those of its {part}_sha256" in "\n".join(
        checkout.problems()
    )


def test_problems_names_other_parameters_than_the_notebooks(checkout):
    def reseed(content):
        parameters = content["provenance"]["parameters"]
        parameters["seed"] = 7
        content["provenance"]["parameters_sha256"] = json_hash(parameters)

    checkout.change(STUDY, reseed)
    assert f"{STUDY}.json was made with other parameters" in "\n".join(checkout.problems())


def test_problems_names_a_record_without_its_notebook(checkout):
    (checkout.root / "notebooks" / f"{STUDY}.ipynb").unlink()
    (problem,) = checkout.problems()
    assert problem.startswith(f"{STUDY}.json has no notebook that it can come from")


def test_problems_names_a_record_under_another_name(checkout):
    checkout.change(STUDY, lambda content: content["provenance"].update(notebook="03_x"))
    assert f"{STUDY}.json says that 03_x made it" in "\n".join(checkout.problems())


def test_problems_names_a_record_without_origin_of_data(checkout):
    empty = {"data": [], "data_sha256": json_hash([])}
    checkout.change(STUDY, lambda content: content["provenance"].update(empty))
    assert f"{STUDY}.json tells no origin of its data" in "\n".join(checkout.problems())


@pytest.mark.parametrize("part", ["values", "figures", "provenance"])
def test_problems_names_what_a_record_lacks(checkout, part):
    checkout.change(STUDY, lambda content: content.pop(part))
    (problem,) = checkout.problems()
    assert problem.startswith(f"figs/{STUDY}.json has no {part}; run")


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_problems_names_a_damaged_record(checkout, text):
    (checkout.figs / f"{STUDY}.json").write_text(text)
    (problem,) = checkout.problems()
    assert f"{STUDY}.json" in problem


def test_problems_names_a_readme_without_its_markers(checkout):
    (checkout.root / "README.md").write_text("# coincast\n")
    (problem,) = checkout.problems()
    assert "README.md cannot be held against the records: the text needs exactly one" in problem


def test_committed_figures_records_and_readme_agree():
    assert consistency.problems(ROOT / "README.md", FIGS, NOTEBOOKS) == []
