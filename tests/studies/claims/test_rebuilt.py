"""Every figure, section, parameter and value that the table of places names is there."""

import json
import re

import pytest

from coincast.paths import FIGS, NOTEBOOKS
from coincast.records import results
from coincast.records.parameters import notebook_parameters
from coincast.studies.claims.evidence import look_up
from coincast.studies.claims.rebuilt import rebuilt_table

TABLE = rebuilt_table()
LEFT_OUT = TABLE["notebook"] == "not rebuilt"
PLACES = list(TABLE[~LEFT_OUT].itertuples())
FIGURES = [place for place in PLACES if place.file.endswith(".png")]
OTHERS = [place for place in PLACES if place not in FIGURES]


def sources_of(notebook):
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells]


@pytest.mark.parametrize("place", FIGURES, ids=lambda place: place.published)
def test_figure_is_drawn_in_the_section_that_its_place_names(place):
    """Recorded under its name as a variable, which a cell of that section assigns."""
    assert (FIGS / place.file).is_file()
    sources = sources_of(place.notebook)
    variable = re.search(rf'"{place.file.removesuffix(".png")}": \(\s*(\w+)', sources[-1])[1]
    assigned = re.compile(rf"^[\w, ]*\b{variable}\b[\w, ]* = ", re.MULTILINE)
    drawn = next(number for number, text in enumerate(sources) if assigned.search(text))
    titles = [text for text in sources[:drawn] if re.match(r"## \d+ ", text)]
    assert titles[-1].startswith(f"## {place.section} ")


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place.published)
def test_place_names_a_section_and_a_parameter_or_value_that_exist(place):
    assert any(re.match(rf"## {place.section}\b", text) for text in sources_of(place.notebook))
    if place.file.startswith(place.notebook):
        path = place.file.replace(".json", "")
        look_up({place.notebook: results.load(FIGS)[place.notebook]["values"]}, path)
    else:
        assert place.file in notebook_parameters(NOTEBOOKS / f"{place.notebook}.ipynb")


def test_table_says_why_something_is_not_rebuilt():
    assert LEFT_OUT.any()
    assert (TABLE.loc[LEFT_OUT, "remark"] != "").all()
