import hashlib
import json

import pandas as pd
import pytest
from lxml import etree
from makers import make_prices
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from coincast.errors import InputError
from coincast.paths import OUTPUT_VARIABLE, READS_VARIABLE
from coincast.records import results


def record(folder, monkeypatch, readme="", **values):
    monkeypatch.setenv(OUTPUT_VARIABLE, str(folder))
    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    return results.record(
        "01_prices",
        values=values,
        figures={"line": (figure, "A line.")},
        parameters={"seed": 1},
        prices=[make_prices(5, seed=1, coin="bitcoin")],
        readme=readme,
    )


def test_record_writes_figures_and_plain_json(tmp_path, monkeypatch):
    content = record(tmp_path, monkeypatch, readme="| a |\n", day=pd.Timestamp("2018-01-02"))
    assert content["readme"] == "| a |\n"
    assert content["values"] == {"day": "2018-01-02"}
    assert content["figures"] == {"line": "A line."}
    assert results.load(tmp_path)["01_prices"] == content
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


def test_record_tells_where_the_numbers_came_from(tmp_path, monkeypatch):
    content = record(tmp_path, monkeypatch)
    assert "readme" not in content
    provenance = content["provenance"]
    assert provenance["parameters"] == {"seed": 1}
    (origin,) = provenance["data"]
    assert (origin["coin"], origin["rows"]) == ("bitcoin", 5)
    assert origin["first_day"] < origin["last_day"]
    assert provenance["versions"]["pandas"] == pd.__version__
    assert not {"machine", "python"} & (provenance.keys() | provenance["versions"].keys())


def test_record_marks_each_figure_with_the_hashes_of_its_json(tmp_path, monkeypatch):
    provenance = record(tmp_path, monkeypatch)["provenance"]
    with Image.open(tmp_path / "line.png") as picture:
        marks = picture.info
    assert marks["Notebook"] == "01_prices"
    assert marks["Parameters-SHA256"] == hashlib.sha256(b'{"seed":1}').hexdigest()
    assert marks["Data-SHA256"] == provenance["data_sha256"]
    assert "Software" not in marks
    text = (tmp_path / "line.svg").read_text()
    assert etree.fromstring(text.encode()).tag == "{http://www.w3.org/2000/svg}svg"
    assert provenance["data_sha256"] in text
    for part in ("<dc:date>", "<dc:creator>", "Matplotlib v", "<text"):  # no date, no font
        assert part not in text


def test_record_gives_the_same_bytes_again(tmp_path, monkeypatch):
    made = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        record(folder, monkeypatch, mae=0.1)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"line.png", "line.svg", "01_prices.json"}


def test_svg_is_the_same_whatever_the_users_settings_and_leaves_the_png_as_it_was():
    drawn = []
    for settings in ({}, {"svg.fonttype": "none", "svg.hashsalt": None}):
        with rc_context(settings):
            figure = Figure(layout="constrained")
            figure.subplots().plot([1, 3, 2], label="a")
            before = results.png(figure, {})
            drawn.append(results.svg(figure, {"Notebook": "01_prices"}))
            assert results.png(figure, {}) == before
    assert drawn[0] == drawn[1]


def test_svg_is_the_same_though_the_layout_has_other_last_bits():
    drawn = []
    for left in (0.1, 0.1 + 2e-17):
        figure = Figure()
        for bottom in (0.1, 0.6):
            figure.add_axes((left, bottom, 0.8, 0.3)).plot([1, 3, 2])
        drawn.append(results.svg(figure, {}))
    assert drawn[0] == drawn[1]
    assert drawn[0].count(b"<clipPath") == 2


def test_record_tells_the_version_of_the_notebook_and_its_code(tmp_path, monkeypatch):
    monkeypatch.setenv("COINCAST_NOTEBOOKS", str(tmp_path))
    versions = set()
    for source in ("import coincast.paths", "import coincast.files", "import coincast.paths"):
        notebook = {"cells": [{"cell_type": "code", "source": source}]}
        (tmp_path / "01_prices.ipynb").write_text(json.dumps(notebook))
        versions.add(record(tmp_path / "out", monkeypatch)["provenance"]["code_version"])
    assert len(versions) == 2


def test_record_refuses_a_value_that_json_cannot_hold(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="JSON"):
        record(tmp_path, monkeypatch, mae=float("nan"))
    assert not (tmp_path / "01_prices.json").exists()


def test_load_names_a_damaged_file(tmp_path):
    (tmp_path / "02_x.json").write_text("{")
    with pytest.raises(InputError, match=r"02_x\.json"):
        results.load(tmp_path)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Give Jupyter's output folder and committed results, both with records to read."""
    monkeypatch.delenv(READS_VARIABLE, raising=False)
    monkeypatch.setenv(OUTPUT_VARIABLE, str(tmp_path / "out"))
    monkeypatch.setattr(results, "FIGS", tmp_path / "figs")
    for folder, names in {"out": ["02_a"], "figs": ["02_a", "03_b"], "reads": ["03_b"]}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            content = json.dumps({"values": {"in": folder}})
            (tmp_path / folder / f"{name}.json").write_text(content)
    return tmp_path


@pytest.mark.usefixtures("places")
def test_read_gives_the_values_of_the_output_folder_or_else_the_committed_ones():
    assert results.read("02_a") == {"in": "out"}
    assert results.read("03_b") == {"in": "figs"}
    with pytest.raises(InputError, match=r'04_c .*"reads": \["04_c"\]'):
        results.read("04_c")


def test_read_in_a_run_gives_only_what_the_metadata_name(places, monkeypatch):
    monkeypatch.setenv(READS_VARIABLE, str(places / "reads"))
    assert results.read("03_b") == {"in": "reads"}
    with pytest.raises(InputError, match=r'02_a .*"reads": \["02_a"\]'):
        results.read("02_a")


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"\xff", b'{"values": NaN}', b"{}", b"[" * 100_000]
)
def test_read_names_a_damaged_record(places, content):
    (places / "out" / "02_a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"02_a\.json is damaged"):
        results.read("02_a")


def test_record_tells_which_values_were_read(places, monkeypatch):
    monkeypatch.setenv("COINCAST_NOTEBOOKS", str(places))
    text = {"cells": [], "metadata": {"coincast": {"reads": ["02_a", "03_b"]}}}
    (places / "01_prices.ipynb").write_text(json.dumps(text))
    read = record(places / "out", monkeypatch)["provenance"]["reads"]
    assert read["02_a"] == hashlib.sha256(b'{"in":"out"}').hexdigest() != read["03_b"]


def test_is_outdated_follows_the_cells_and_code_of_the_notebook(places, monkeypatch):
    monkeypatch.setenv("COINCAST_NOTEBOOKS", str(places))
    notebook = places / "01_prices.ipynb"
    notebook.write_text(json.dumps({"cells": [{"source": "a", "cell_type": "code"}]}))
    text = json.dumps(record(places / "out", monkeypatch))
    assert not results.is_outdated(text, "01_prices")
    notebook.write_text(json.dumps({"cells": [{"source": "b", "cell_type": "code"}]}))
    assert results.is_outdated(text, "01_prices")


def test_output_folder_is_not_figs_in_jupyter(monkeypatch):
    monkeypatch.delenv(OUTPUT_VARIABLE, raising=False)
    assert results.output_folder().parts[-2:] == ("build", "figs")
