"""The page as text; test_page_in_browser.py looks at it as a person would."""

from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from pages import NAMES, RECORDS, make_site

from coincast.errors import InputError
from coincast.paths import FIGS
from coincast.records import results
from coincast.report.page import Record

RECORDED = results.load(FIGS)
PAGES = ["index", *NAMES]


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
    sections = page.find_all("section")
    assert [section["id"] for section in sections] == NAMES
    badges = [section.find(class_="badge") for section in sections]
    assert [badge.get_text() for badge in badges] == [record.state for record in RECORDS]
    assert ["fresh" in badge["class"] for badge in badges] == [False] + [True] * (len(NAMES) - 1)


def test_page_shows_cost_numbers_parameters_and_conclusions_of_a_run(page):
    section = page.find(id="02_ethereum_lstm")
    text = " ".join(section.get_text().split())
    assert "time 9.5 s memory 1.2 GiB trained on CPU" in text
    values = RECORDED["02_ethereum_lstm"]["values"]
    assert values["reading"][0] in text
    cells = {cell.get_text() for cell in section.find_all(["td", "th"])}
    errors = values["test_mae"]
    assert {f"{error:.4g}" for error in errors.values()} <= cells  # among the numbers
    assert {f"{errors[name]:.4f}" for name in ("no_change", "lstm")} <= cells  # in the summary
    assert {"parameters / lags", "parameters / test_start"} <= cells


@pytest.mark.parametrize("name", PAGES)
def test_page_links_lead_to_files_and_headings_that_are_there(site, name):
    path = site.build / f"{name}.html"
    links = [link["href"] for link in parse(path).find_all("a", href=True)]
    assert links
    for link in links:
        file, _, place = unquote(link).partition("#")
        target = path.parent / file if file else path
        assert target.is_file(), link
        if place:
            assert parse(target).find(id=place), link


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_nothing_and_has_a_language_and_a_width(site, name):
    soup = parse(site.build / f"{name}.html")
    assert soup.find_all(["script", "iframe", "object", "embed", "base", "form"]) == []
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert soup.html["lang"] == "en"
    assert soup.find("meta", {"name": "viewport"})["content"].startswith("width=device-width")


def test_page_escapes_whatever_was_recorded(tmp_path):
    site = make_site(tmp_path)
    evil = "</p><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"

    def poison(content):
        content["figures"]["price"] = content["readme"] = evil
        content["values"] = {evil: {evil: evil}}
        content["provenance"] |= {"device": evil, "parameters": {evil: evil}}

    site.change("01_prices", poison)
    soup = parse(site.write([Record("01_prices", evil)]))
    assert soup.find_all("script") == []
    assert (soup.find("img")["src"], soup.find("img")["alt"]) == ("../figs/price.png", evil)
    assert not [image for image in soup.find_all("img") if image.get("onerror")]
    assert soup.find("section").get_text().count(evil) >= 7


def test_page_says_which_figure_is_missing_and_which_notebook_never_ran(tmp_path):
    site = make_site(tmp_path, figs="my figures")
    (site.figs / "price.png").unlink()
    (site.figs / "volume.png").write_bytes(b"no picture")
    (site.build / "01_prices.ipynb").unlink()
    gpus = ("T4: 15 % busy", "T4: idle")
    soup = parse(site.write([RECORDS[0], Record("99_new", "stale: never ran", gpus=gpus)]))
    text = soup.get_text()
    for phrase in (*gpus, "my%20figures/price.png is missing", "/volume.png is missing"):
        assert phrase in text
    assert "executed notebook" not in text
    assert "No figure" in soup.find(id="99_new").get_text()


def test_write_page_links_an_svg_and_exports_again_only_what_changed(tmp_path):
    site = make_site(tmp_path)
    (site.build / "svg").mkdir()
    (site.build / "svg" / "venues.svg").write_text("<svg/>")
    links = [link["href"] for link in parse(site.write()).select("figcaption a")]
    assert links == ["svg/venues.svg"]
    pages = {name: site.build / f"{name}.html" for name in NAMES}
    before = {name: path.stat().st_mtime_ns for name, path in pages.items()}
    site.execute("02_ethereum_lstm", text="something else\n")
    site.write()
    changed = [name for name, path in pages.items() if path.stat().st_mtime_ns != before[name]]
    assert changed == ["02_ethereum_lstm"]
    assert "something else" in pages["02_ethereum_lstm"].read_text()


def test_write_page_names_a_damaged_notebook(tmp_path):
    site = make_site(tmp_path)
    (site.build / "01_prices.ipynb").write_text('{"cells": 3}')
    with pytest.raises(InputError, match=r"01_prices\.ipynb"):
        site.write()
