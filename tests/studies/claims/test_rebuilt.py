"""Every figure, section, parameter and value that the table of places names is there."""

import json
import re

import pytest

from coincast.paths import FIGS, NOTEBOOKS
from coincast.records import results
from coincast.records.parameters import notebook_parameters
from coincast.studies.claims.evidence import look_up
from coincast.studies.claims.rebuilt import REBUILT, rebuilt_table

PLACES = [one for one in REBUILT if one.notebook]


def text_of(notebook):
    return (NOTEBOOKS / f"{notebook}.ipynb").read_text()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.published)
def test_place_names_a_section_that_its_notebook_has(place):
    titles = [
        "".join(cell["source"]).splitlines()[0]
        for cell in json.loads(text_of(place.notebook))["cells"]
        if cell["cell_type"] == "markdown"
    ]
    heading = rf"## {place.section} " if place.section else "## Parameters"
    assert any(re.match(heading, title) for title in titles)


@pytest.mark.parametrize(
    "place",
    [place for place in PLACES if place.file.endswith(".png")],
    ids=lambda place: place.published,
)
def test_figure_is_drawn_in_the_section_that_its_place_names(place):
    """Recorded under its name as a variable, which a cell of that section assigns."""
    sources = ["".join(cell["source"]) for cell in json.loads(text_of(place.notebook))["cells"]]
    variable = re.search(rf'"{place.file.removesuffix(".png")}": \(\s*(\w+)', sources[-1])[1]
    assigned = re.compile(rf"^[\w, ]*\b{variable}\b[\w, ]* = ", re.MULTILINE)
    drawn = next(number for number, text in enumerate(sources) if assigned.search(text))
    titles = [text for text in sources[:drawn] if re.match(r"## \d+ ", text)]
    assert titles[-1].startswith(f"## {place.section} ")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.published)
def test_place_names_a_figure_parameter_or_value_that_exists(place):
    if place.file.endswith(".png"):
        assert (FIGS / place.file).is_file()
        assert f'\\"{place.file.removesuffix(".png")}\\": (' in text_of(place.notebook)
    elif place.file.startswith(place.notebook):
        path = place.file.replace(".json", "")
        look_up({place.notebook: results.load(FIGS)[place.notebook]["values"]}, path)
    else:
        assert place.file in notebook_parameters(NOTEBOOKS / f"{place.notebook}.ipynb")


def test_table_says_why_something_is_not_rebuilt():
    table = rebuilt_table()
    left_out = table[table["notebook"] == "not rebuilt"]
    assert len(left_out) > 0
    assert (left_out["remark"] != "").all()
    assert len(table) == len(REBUILT)
