"""The page as text; tests/report/test_page_in_browser.py looks at it as a person would."""

import json
import os
import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from pages import NAMES, RECORDS, make_site

from coincast.errors import InputError
from coincast.paths import FIGS
from coincast.records import results
from coincast.report.page import Record
from coincast.report.page.tables import shown, tables

RECORDED = results.load(FIGS)
LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "object": "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = make_site(tmp_path_factory.mktemp("site"))
    made.write()
    return made


def parse(path):
    return BeautifulSoup(path.read_text(), "lxml")


@pytest.fixture(scope="module")
def page(site):
    return parse(site.build / "index.html")


def test_page_shows_every_recorded_figure_with_its_caption_as_text_for_the_blind(page):
    shown = {image["src"].removeprefix("../figs/"): image["alt"] for image in page.find_all("img")}
    assert shown == {
        f"{name}.png": caption
        for content in RECORDED.values()
        for name, caption in content["figures"].items()
    }
    captions = [caption.get_text() for caption in page.find_all("figcaption")]
    assert captions == list(shown.values())


def test_page_has_a_section_and_a_badge_for_each_notebook(page):
    assert [section["id"] for section in page.find_all("section")] == NAMES
    badges = [section.find(class_="badge") for section in page.find_all("section")]
    assert [badge.get_text() for badge in badges] == [record.state for record in RECORDS]
    assert ["fresh" in badge["class"] for badge in badges] == [False] + [True] * (len(NAMES) - 1)


def test_page_tells_what_each_run_cost(page):
    facts = page.find_all("section")[2].find("dl").get_text(" ", strip=True)
    assert facts.startswith("time 19.0 s memory 1.2 GiB trained on CPU")


def test_page_holds_the_recorded_numbers(page):
    """By another road: every error of the table in the README is in a cell of that section."""
    section = page.find(id="02_ethereum_lstm")
    cells = {cell.get_text() for cell in section.find_all("td")}
    for error in RECORDED["02_ethereum_lstm"]["values"]["test_mae"].values():
        assert any(cell[:6] == f"{error:.8f}"[:6] or cell == f"{error:.4g}" for cell in cells)
    parameters = RECORDED["02_ethereum_lstm"]["provenance"]["parameters"]
    names = {cell.get_text() for cell in section.find_all("th", scope="row")}
    assert set(parameters) <= names


def test_page_says_what_the_notebooks_found(page):
    for name, content in RECORDED.items():
        for sentence in content["values"].get("reading", []):
            assert sentence in page.find(id=name).get_text(), name


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_page_links_lead_to_files_and_headings_that_are_there(site, name):
    path = site.build / f"{name}.html"
    soups = {path: parse(path)}
    links = soups[path].find_all("a", href=True)
    assert links
    for link in links:
        file, _, place = unquote(link["href"]).partition("#")
        target = path.parent / file if file else path
        assert target.is_file(), link
        if place:
            soups[target] = soups.get(target) or parse(target)
            assert soups[target].find(id=place), link


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_page_loads_nothing_from_elsewhere(site, name):
    path = site.build / f"{name}.html"
    soup = parse(path)
    assert soup.find_all(["script", "iframe", "object", "embed", "base", "form"]) == []
    for tag, attribute in LOADING.items():
        for element in soup.find_all(tag):
            assert re.match(r"data:|\.\./figs/", element.get(attribute, "data:")), element
    styles = " ".join(style.get_text() for style in soup.find_all("style"))
    assert not re.search(r"@import|url\(|https?:", styles)
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_page_has_one_first_heading_a_language_and_a_width(site, name):
    soup = parse(site.build / f"{name}.html")
    assert len(soup.find_all("h1")) == 1
    assert soup.html["lang"] == "en"
    assert soup.find("meta", {"name": "viewport"})["content"].startswith("width=device-width")


def test_page_escapes_whatever_was_recorded(tmp_path):
    site = make_site(tmp_path)
    evil = "</p><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"

    def poison(content):
        content["figures"]["price"] = evil
        content["values"] = {evil: {evil: [{evil: evil}]}, "reading": [evil]}
        content["provenance"] |= {"device": evil, "parameters": {evil: evil}}

    site.change("01_prices", poison)
    soup = parse(site.write([Record("01_prices", evil)]))
    assert soup.find_all("script") == []
    assert (soup.find("img")["src"], soup.find("img")["alt"]) == ("../figs/price.png", evil)
    assert not [image for image in soup.find_all("img") if image.get("onerror")]
    assert soup.find("section").get_text().count(evil) >= 7


def test_page_says_which_figure_is_missing_and_which_notebook_never_ran(tmp_path):
    site = make_site(tmp_path)
    (site.figs / "price.png").unlink()
    (site.figs / "volume.png").write_bytes(b"no picture")
    (site.build / "01_prices.ipynb").unlink()
    gpus = ("T4: 15 % busy", "T4: idle")
    soup = parse(site.write([RECORDS[0], Record("99_new", "stale: never ran", gpus=gpus)]))
    assert "GPU T4: 15 % busy; T4: idle" in soup.get_text(" ", strip=True)
    text = soup.get_text()
    for name in ("price", "volume"):
        assert f"../figs/{name}.png is missing or damaged" in text
    assert "executed notebook" not in text
    assert "No figure is recorded yet" in soup.find(id="99_new").get_text()


def test_page_finds_its_figures_in_another_folder(tmp_path):
    image = parse(make_site(tmp_path, figs="my figures").write()).find("img")
    assert image["src"] == "../my%20figures/price.png"


def test_write_page_converts_again_only_what_changed(tmp_path):
    site = make_site(tmp_path)
    site.write()
    pages = {name: site.build / f"{name}.html" for name in NAMES}
    before = {name: path.stat().st_mtime_ns for name, path in pages.items()}
    site.execute("02_ethereum_lstm", text="something else\n")
    site.write()
    changed = [name for name, path in pages.items() if path.stat().st_mtime_ns != before[name]]
    assert changed == ["02_ethereum_lstm"]
    assert "something else" in pages["02_ethereum_lstm"].read_text()


def test_write_page_does_not_pay_for_nbconvert_when_nothing_changed(site):
    script = (
        "import sys; from pathlib import Path; from pages import Site;"
        f"root = Path({str(site.root)!r});"
        "Site(root, root / 'figs', root / 'build', root / 'notebooks').write();"
        "assert not {'nbconvert', 'pygments', 'keras'} & sys.modules.keys()"
    )
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_write_page_names_a_damaged_notebook(tmp_path):
    site = make_site(tmp_path)
    (site.build / "01_prices.ipynb").write_text('{"cells": 3}')
    with pytest.raises(InputError, match=r"cannot show 01_prices\.ipynb: .*execute it again"):
        site.write()


def test_tables_hold_every_value_once():
    values = {
        "n": 3,
        "scores": {"zero": {"mae": 0.5}, "lstm": {"mae": 0.25, "sd": 0.125}},
        "deep": {"a": {"b": {"c": 7}}, "rows": [{"x": 1}, {"x": 2}]},
        "words": ["one", "two"],
    }
    found = {table.title: (table.columns, table.rows) for table in tables(values)}
    assert found == {
        "": (("name", "value"), [("n", "3")]),
        "scores": (("name", "mae", "sd"), [("zero", "0.5", ""), ("lstm", "0.25", "0.125")]),
        "deep / a": (("name", "c"), [("b", "7")]),
        "deep / rows": (("name", "x"), [("1", "1"), ("2", "2")]),
        "words": (("name", "value"), [("1", "one"), ("2", "two")]),
    }


def test_tables_cut_long_ones_and_say_so():
    (table,) = tables({"epochs": {str(epoch): {"loss": epoch} for epoch in range(400)}})
    assert (len(table.rows), table.left_out) == (30, 370)
    assert shown(list(range(250))) == "0, 1, 2, 3, 4, 5, ... (250 in all)"


@pytest.mark.parametrize("name", list(RECORDED))
def test_tables_take_whatever_the_notebooks_recorded(name):
    found = tables(RECORDED[name]["values"])
    titles = {table.title.split(" / ")[0] for table in found}
    nested = {key for key, value in RECORDED[name]["values"].items() if isinstance(value, dict)}
    assert nested <= titles
    assert json.dumps([table.rows for table in found])
