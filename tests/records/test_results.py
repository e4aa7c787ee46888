import hashlib
import os
import platform

import numpy as np
import pandas as pd
import pytest
from makers import make_prices
from matplotlib.figure import Figure
from PIL import Image

from coincast.errors import InputError
from coincast.records import results
from coincast.records.surroundings import OUTPUT_VARIABLE


def record(folder, monkeypatch, **values):
    monkeypatch.setenv(OUTPUT_VARIABLE, str(folder))
    figure = Figure()
    figure.subplots().plot([1, 3, 2])
    return results.record(
        "01_prices",
        values=values,
        figures={"line": (figure, "A line.")},
        parameters={"seed": 1},
        prices=[make_prices(5, seed=1, coin="bitcoin")],
    )


def test_record_writes_figures_and_plain_json(tmp_path, monkeypatch):
    table = pd.DataFrame({"mae": [np.float32(0.5)], "n": [3]}, index=["zero"])
    content = record(tmp_path, monkeypatch, table=table, day=pd.Timestamp("2018-01-02"))
    assert content["values"] == {"table": {"zero": {"mae": 0.5, "n": 3}}, "day": "2018-01-02"}
    assert results.load(tmp_path)["01_prices"] == content
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


def test_record_tells_where_the_numbers_came_from(tmp_path, monkeypatch):
    provenance = record(tmp_path, monkeypatch)["provenance"]
    assert provenance["parameters"] == {"seed": 1}
    assert provenance["data"][0]["coin"] == "bitcoin"
    assert provenance["data"][0]["rows"] == 5
    assert provenance["versions"]["pandas"] == pd.__version__


def test_record_marks_each_figure_with_the_hashes_of_its_json(tmp_path, monkeypatch):
    provenance = record(tmp_path, monkeypatch)["provenance"]
    with Image.open(tmp_path / "line.png") as picture:
        told = picture.info
    assert told["Notebook"] == "01_prices"
    assert told["Parameters-SHA256"] == hashlib.sha256(b'{"seed":1}').hexdigest()
    assert told["Data-SHA256"] == provenance["data_sha256"]
    assert "Software" not in told


def test_record_marks_other_data_with_another_hash():
    origin = {"coin": "bitcoin", "rows": 5}
    assert results.data_hash([origin]) == results.data_hash([{"rows": 5, "coin": "bitcoin"}])
    hashes = {
        results.data_hash(origins)
        for origins in ([], [origin], [origin, origin], [origin | {"rows": 6}])
    }
    assert len(hashes) == 4


def test_record_tells_of_the_machine_nothing_that_changes(tmp_path, monkeypatch):
    told = record(tmp_path, monkeypatch)["provenance"]["machine"]
    assert told["system"] == platform.system()
    assert told["cores"] == os.cpu_count()
    assert set(told) == {"system", "architecture", "cores", "gpus", "driver", "keras_backend"}


def test_record_gives_the_same_bytes_again(tmp_path, monkeypatch):
    for name in ("first", "second"):
        record(tmp_path / name, monkeypatch, mae=0.1)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("first", "second")
    )
    assert first == second
    assert set(first) == {"line.png", "01_prices.json"}


def test_record_refuses_a_value_that_json_cannot_hold(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="JSON"):
        record(tmp_path, monkeypatch, mae=float("nan"))
    assert not (tmp_path / "01_prices.json").exists()


def test_load_names_a_damaged_file(tmp_path):
    (tmp_path / "02_x.json").write_text("{")
    with pytest.raises(InputError, match=r"02_x.json is damaged"):
        results.load(tmp_path)


def test_output_folder_is_not_figs_in_jupyter(monkeypatch):
    monkeypatch.delenv(OUTPUT_VARIABLE, raising=False)
    assert results.output_folder().parts[-2:] == ("build", "figs")
