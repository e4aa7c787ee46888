"""Tiny notebooks to try the runner on, and the processes that run them."""

import time

import nbformat
import psutil

PATIENCE = 60  # seconds; on a busy machine a kernel starts late
DEFAULTS = 'coin = "ethereum"\nlags = 4\ndropout = 0.35\nquick = False\ncoins = ["eos", "xrp"]'


def write_notebook(folder, *sources, name="07_any", parameters=DEFAULTS, **asked):
    """Write a notebook of a parameters cell and cells of these sources; return its path.

    Its metadata ask something of the runner: `alone`, or `reads`, the notebooks that it reads.
    """
    cells = [nbformat.v4.new_code_cell(source) for source in (parameters, *sources)]
    cells[0].metadata["tags"] = ["parameters"]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # nbformat draws one; the same content is the same file
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    if asked:
        notebook.metadata["coincast"] = asked
    path = folder / f"{name}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def writing(figure="line.png", numbers="07_any.json"):
    """Return a cell that records a figure and numbers; the figure tells the parameters."""
    recorded = {"figures": {figure.removesuffix(".png"): "a line"}}
    return f"""
import json, os, pathlib
folder = pathlib.Path(os.environ["COINCAST_OUT"])
folder.mkdir(parents=True)
(folder / {figure!r}).write_text(f"{{coin}} {{lags}}")
(folder / {numbers!r}).write_text(json.dumps({recorded}))
"""


def recording(values, name):
    """Return a cell that records values, given as code."""
    return f"""
import json, os, pathlib
folder = pathlib.Path(os.environ["COINCAST_OUT"])
folder.mkdir(parents=True)
(folder / "{name}.json").write_text(json.dumps({{"values": {values}, "figures": {{}}}}))
"""


def waiting(folder):
    """Return a cell that tells its process's id in a file and waits for a file `gate`."""
    return f"""
import os, pathlib, time
folder = pathlib.Path({str(folder)!r})
(folder / "half").write_text(str(os.getpid()))
(folder / "half").rename(folder / "pid")
while not (folder / "gate").exists():
    time.sleep(0.02)
"""


def kernel_of(folder):
    """Wait for a `waiting` cell to run; return its kernel's process id."""
    wait_for((folder / "pid").exists)
    return int((folder / "pid").read_text())


def wait_for(condition):
    """Wait until a condition holds; fail if it does not in time."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, condition
        time.sleep(0.02)


def is_gone(pid):
    """Tell whether a process has ended, be it that its parent has not asked yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
