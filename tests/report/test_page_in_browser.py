"""The page in headless Chromium, as a person opens it: a file, on a phone or a screen."""

import json
import os
import shutil

import pytest
from pages import NAMES, make_site
from selenium import webdriver

pytestmark = pytest.mark.command
PAGES = ["index", *NAMES]
NEEDED = ("chromium", "chromedriver")


@pytest.fixture(scope="module")
def browser():
    """Start Chromium, once; CI must have one, anybody else may do without."""
    programs = [shutil.which(name) for name in NEEDED]
    if not all(programs):
        reason = "no Chromium; `apt-get install chromium chromium-driver` brings it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("--headless=new", "--hide-scrollbars", "--disable-background-networking"):
        options.add_argument(argument)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # its sandbox refuses root, as which CI runs
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(programs[1])
    with webdriver.Chrome(options=options, service=service) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = make_site(tmp_path_factory.mktemp("site"))
    made.write()
    return made


@pytest.fixture
def look(browser, site):
    """Return a function that opens a page and says what JavaScript finds there."""

    def look(name, script, *, width=1200, scheme="light"):
        for log in ("browser", "performance"):
            browser.get_log(log)  # what an earlier page left
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.get((site.build / f"{name}.html").as_uri())
        return browser.execute_script(script)

    return look


def requested(browser):
    """Return the addresses that the last page asked for, the page's own among them."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_every_image_and_logs_nothing(look, browser, name):
    widths = look(name, "return [...document.images].map(image => image.naturalWidth)")
    assert len(widths) >= 1
    assert min(widths) > 100
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_for_nothing_but_files(look, browser, name):
    look(name, "return 0")
    addresses = requested(browser)
    assert f"{name}.html" in addresses[0]
    assert {address.partition(":")[0] for address in addresses} <= {"file", "data"}


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone_with_everything_unfolded(look, name):
    script = """
        document.querySelectorAll("details").forEach(part => part.open = true);
        return [innerWidth, document.documentElement.scrollWidth]
    """
    assert look(name, script, width=360) == [360, 360]


CONTRASTS = """
    const level = part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    const light = text => text.match(/[0-9.]+/g).slice(0, 3).map(part => level(part / 255))
        .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
    const ground = element => {
        const colour = getComputedStyle(element).backgroundColor;
        return colour != "rgba(0, 0, 0, 0)" ? colour : ground(element.parentElement);
    };
    return [...document.querySelectorAll("h1, p, a, dt, dd, th, td, summary, .badge, li")]
        .map(element => [light(getComputedStyle(element).color), light(ground(element))])
        .map(pair => (Math.max(...pair) + .05) / (Math.min(...pair) + .05))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_follows_the_scheme_and_stays_readable(look, scheme):
    script = "return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    brightness = sum(look("index", script, scheme=scheme))
    assert (brightness > 700) if scheme == "light" else (brightness < 100)
    contrasts = look("index", CONTRASTS, scheme=scheme)
    assert len(contrasts) > 100
    assert min(contrasts) >= 4.5  # what WCAG asks of ordinary text


def test_page_keeps_figures_on_white_in_the_dark(look):
    script = """
        return [...document.querySelectorAll("figure a")]
            .map(frame => getComputedStyle(frame).backgroundColor)
    """
    assert set(look("index", script, scheme="dark")) == {"rgb(255, 255, 255)"}


def test_page_skips_to_the_figures_by_keyboard(look, browser):
    look("index", "return 0")
    link = browser.execute_script("return document.querySelector('a')")
    link.send_keys("\ue007")  # enter
    assert browser.current_url.endswith("index.html#figures")


def test_page_of_a_hostile_notebook_runs_and_fetches_nothing(browser, tmp_path, server):
    """The policy in the page's head stops what an output asks the browser to do."""
    hostile = (
        f"<img src='{server.url}/pixel.png'><script src='{server.url}/x.js'></script>"
        "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
        f"<style>@import url({server.url}/x.css)</style>"
        f"<iframe src='{server.url}/'></iframe><link rel=stylesheet href='{server.url}/y.css'>"
    )
    site = make_site(tmp_path)
    site.execute("01_prices", html=hostile)
    site.write()
    browser.get((site.build / "01_prices.html").as_uri())
    assert browser.title == "01_prices, executed"
    assert server.requests == []
