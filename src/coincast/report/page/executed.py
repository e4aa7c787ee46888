"""Executed notebooks as web pages that load nothing: no script, no font, no address."""

import hashlib
from importlib import metadata
from pathlib import Path

import jinja2

from coincast.errors import InputError
from coincast.files import write_atomically

__all__ = ["convert", "environment"]

TEMPLATES = Path(__file__).parent
HEAD = 2000  # characters of a page in which its mark stands


def environment() -> jinja2.Environment:
    """Return the templates' environment; everything put into them is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def convert(notebook: Path, page: Path) -> bool:
    """Write an executed notebook as HTML unless that page is of this very notebook already.

    Args:
        notebook: the executed .ipynb.
        page: the .html to write.

    Returns:
        Whether it was written.

    Raises:
        InputError: the notebook cannot be read, or the page not be written.
    """
    mark = _mark(notebook)
    if _has_mark(page, mark):
        return False
    body, styles = _render(notebook)
    template = environment().get_template("notebook.html.jinja")
    write_atomically(page, template.render(name=notebook.stem, mark=mark, styles=styles, body=body))
    return True


def _mark(notebook: Path) -> str:
    """Return a hash of all that decides how the page looks."""
    digest = hashlib.sha256(metadata.version("nbconvert").encode())
    for path in (notebook, *sorted(TEMPLATES.glob("*.jinja"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _has_mark(page: Path, mark: str) -> bool:
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            return mark in file.read(HEAD)
    except OSError:
        return False


def _render(notebook: Path) -> tuple[str, str]:
    """Return a notebook's cells as HTML, and the colours of its code, light and dark."""
    # Together a second and a half, which a run with nothing to convert does not pay.
    from nbconvert import HTMLExporter  # noqa: PLC0415
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415

    try:
        # "basic" is the cells alone; the other templates bring scripts from elsewhere.
        exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
        body, _ = exporter.from_filename(str(notebook))
    except Exception as error:  # whatever a damaged file makes nbconvert say
        raise InputError(
            f"cannot show {notebook.name}: {type(error).__name__}; execute it again"
        ) from error
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return body, f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
