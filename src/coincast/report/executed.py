"""Executed notebooks as web pages: nbconvert's export, without anything to load or run."""

from pathlib import Path

from coincast.errors import InputError
from coincast.files import write_atomically

__all__ = ["TEMPLATES", "export"]

TEMPLATES = Path(__file__).parent / "templates"


def export(notebook: Path) -> Path:
    """Write an executed notebook as HTML beside it, unless its page is newer; give the page.

    Raises:
        InputError: the notebook cannot be read, or the page cannot be written.
    """
    page = notebook.with_suffix(".html")
    sources = [notebook, *TEMPLATES.glob("notebook/*")]
    if page.exists() and page.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return page
    from nbconvert import HTMLExporter  # noqa: PLC0415 - takes longer than writing the index

    try:
        exporter = HTMLExporter(  # type: ignore[no-untyped-call]
            template_name="notebook", extra_template_basedirs=[str(TEMPLATES)]
        )
        body, _ = exporter.from_filename(str(notebook))
    except Exception as error:  # nbconvert raises many kinds for a damaged file
        raise InputError(
            f"cannot show {notebook.name}: {type(error).__name__}; execute it again"
        ) from error
    write_atomically(page, body)
    return page
