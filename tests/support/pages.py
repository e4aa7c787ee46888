"""A checkout with executed notebooks, made in a moment, for the tests of its page."""

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from coincast.paths import FIGS, NOTEBOOKS
from coincast.report.page import Record, write_page

NAMES = [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
RECORDS = [
    Record(name, "fresh" if number else "stale: <the notebook> changed", 9.5 * number, 1.25)
    for number, name in enumerate(NAMES)
]


@dataclass
class Site:
    """The folders of a made-up checkout; figures and notebooks' sources are the real ones."""

    root: Path
    figs: Path
    build: Path
    notebooks: Path

    def write(self, records=RECORDS):
        return write_page(records, figs=self.figs, build=self.build, notebooks=self.notebooks)

    def execute(self, name, html="", text="done\n"):
        """Give a notebook the outputs that an executed one has."""
        notebook = json.loads((self.notebooks / f"{name}.ipynb").read_text())
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for number, cell in enumerate(code, 1):
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
        picture = base64.b64encode((FIGS / "price.png").read_bytes()).decode()
        wide = "<table class='dataframe'><tr>" + "<td>0.123456</td>" * 60 + "</tr></table>"
        for data in ({"image/png": picture}, {"text/html": html or wide}):
            shown = {"output_type": "display_data", "data": data, "metadata": {}}
            code[-1]["outputs"].append(shown)
        (self.build / f"{name}.ipynb").write_text(json.dumps(notebook))

    def change(self, name, change):
        path = self.figs / f"{name}.json"
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))


def make_site(root, figs="figs"):
    """Return a checkout in an empty folder, every notebook executed, no page written."""
    site = Site(root, root / figs, root / "build", root / "notebooks")
    shutil.copytree(FIGS, site.figs)
    shutil.copytree(NOTEBOOKS, site.notebooks, ignore=shutil.ignore_patterns(".*"))
    site.build.mkdir()
    for name in NAMES:
        site.execute(name)
    return site
