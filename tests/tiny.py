"""Tiny notebooks, to try the runner on."""

import nbformat

DEFAULTS = 'coin = "ethereum"\nlags = 4\ndropout = 0.35\nquick = False\ncoins = ["eos", "xrp"]'
# A figure and numbers that tell the parameters they were made with.
WRITE = """
import os, pathlib
folder = pathlib.Path(os.environ["COINCAST_OUT"])
folder.mkdir(parents=True)
(folder / "line.png").write_text(f"{coin} {lags}")
(folder / "07_any.json").write_text("new")
"""


def write_notebook(folder, *sources, name="07_any", parameters=DEFAULTS):
    """Write a notebook of a parameters cell and cells of these sources; return its path."""
    cells = [nbformat.v4.new_code_cell(source) for source in (parameters, *sources)]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path = folder / f"{name}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
