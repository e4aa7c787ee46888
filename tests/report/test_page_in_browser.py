"""The page in headless Chromium, as a person opens it: a file, on a phone or a screen."""

import json
import os
import shutil

import pytest
from pages import NAMES, make_site
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

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
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.get((site.build / f"{name}.html").as_uri())
        return browser.execute_script(script)

    return look


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_every_image_logs_nothing_and_asks_for_nothing_but_files(look, browser, name):
    for log in ("browser", "performance"):
        browser.get_log(log)  # what an earlier page left
    widths = look(name, "return [...document.images].map(image => image.naturalWidth)")
    assert min(widths) > 100
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert {params["request"]["url"].partition(":")[0] for params in asked} <= {"file", "data"}


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone_with_everything_unfolded(look, name):
    script = """
        document.querySelectorAll("details").forEach(part => part.open = true);
        return document.documentElement.scrollWidth
    """
    assert look(name, script, width=360) == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "02_ethereum_lstm"])
def test_page_follows_the_scheme_of_the_system(look, name, scheme):
    script = """
        const light = (element, what) => getComputedStyle(element)[what]
            .match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
        const texts = document.querySelectorAll("h1, p, a, th, td, summary, li, figcaption");
        return [light(document.body, "backgroundColor"), ...[...texts].map(e => light(e, "color"))]
    """
    ground, *texts = look(name, script, scheme=scheme)
    assert (ground > 700) if scheme == "light" else (ground < 100)
    assert min(abs(text - ground) for text in texts) > 250


def test_page_skips_to_the_figures_by_keyboard(look, browser):
    look("index", "return 0")
    webdriver.ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
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
    assert browser.title == "01_prices"
    assert server.requests == []
