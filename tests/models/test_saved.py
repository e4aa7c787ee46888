"""Saved models: the same forecast after loading, and nothing foreign gets as far as Keras."""

import io
import json
import os
import zipfile
from dataclasses import replace
from hashlib import sha256

import keras
import numpy as np
import pytest

from coincast.errors import InputError
from coincast.models import networks
from coincast.models.saved import SIZE_LIMIT, Card, SavedModel, load_model, save_model

CARD = Card(
    model="lstm", coin="ethereum", source="bundled", data_sha256="ab", features=["a", "b"], lags=3,
    mean=[1.0, 5.0], scale=[2.0, 0.5], first_day="2017-01-01", last_day="2018-01-13", rows=9,
    epochs=[4], train_mean=0.01, errors=[0.02, -0.01],
)  # fmt: skip
ROWS = np.array([[2.0, 5.0], [0.0, 6.0], [1.0, 4.0]])


@pytest.fixture(scope="module")
def network():
    return networks.lstm(3, 2, units=2)


@pytest.fixture
def path(tmp_path, network):
    save_model(tmp_path / "eth.keras", SavedModel(network, CARD))
    return tmp_path / "eth.keras"


def rewrite(path, **parts):
    """Replace parts of a saved model, with the JSON that its author could write beside it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | parts
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(body.getvalue())
    restate(path, sha256=sha256(body.getvalue()).hexdigest())


def restate(path, **changes):
    """Change the JSON beside a model: its own members, or those of its card."""
    beside = path.with_name("eth.keras.json")
    stated = json.loads(beside.read_text())
    stated["card"] |= {name: value for name, value in changes.items() if name not in stated}
    stated |= {name: value for name, value in changes.items() if name in stated}
    beside.write_text(json.dumps(stated))


def config_with(path, **changes):
    """Change the first LSTM in a model's configuration."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    layer = next(item for item in config["config"]["layers"] if item["class_name"] == "LSTM")
    layer |= changes
    rewrite(path, **{"config.json": json.dumps(config)})


def test_model_forecasts_the_same_after_loading(path, network):
    loaded = load_model(path, "ethereum")
    scaled = np.array([[0.5, 0.0], [-0.5, 2.0], [0.0, -2.0]])
    expected = network.predict(scaled[None], verbose=0).item()
    assert loaded.card == CARD
    assert loaded.predict(ROWS) == pytest.approx(expected, abs=1e-7)


HARM = {
    "a flipped byte": (lambda path: path.write_bytes(path.read_bytes()[:-9] + bytes(9)), "SHA-256"),
    "no JSON": (lambda path: path.with_name("eth.keras.json").unlink(), r"keras\.json'.* No such"),
    "no model": (lambda path: path.unlink(), "No such file"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "directory"),
    "no text": (lambda path: path.with_name("eth.keras.json").write_bytes(b"\xff"), "not JSON"),
    "a list": (lambda path: path.with_name("eth.keras.json").write_text("[1]"), "SHA-256"),
    "huge": (lambda path: os.truncate(path, SIZE_LIMIT + 1), "64 MiB"),
    "a bomb": (lambda path: rewrite(path, **{"model.weights.h5": bytes(2**27)}), "unpacked"),
    "a part more": (lambda path: rewrite(path, **{"assets/x": b""}), "other parts"),
    "no zip": (
        lambda path: (path.write_bytes(b"x"), restate(path, sha256=sha256(b"x").hexdigest())),
        "no whole .keras file",
    ),
    "deep": (lambda path: rewrite(path, **{"config.json": "[" * 10**5}), "no whole .keras file"),
    "no weights": (lambda path: rewrite(path, **{"model.weights.h5": b""}), "Keras cannot read"),
    "Keras 2": (lambda path: restate(path, keras="2.15.0"), r"'2\.15\.0'"),
    "other lags": (lambda path: restate(path, lags=4), r"\(None, 3, 2\).*\(None, 4, 2\)"),
    "fewer features": (
        lambda path: restate(path, features=["a"], mean=[1.0], scale=[1.0]),
        r"\(None, 3, 1\)",
    ),
    "one mean": (lambda path: restate(path, mean=[1.0]), "do not fit"),
    "no number": (lambda path: restate(path, train_mean=float("nan")), "train_mean nan"),
    "no day": (lambda path: restate(path, last_day=""), "last_day ''"),
    "a Lambda layer": (lambda path: config_with(path, class_name="Lambda"), "Lambda"),
    "another layer": (lambda path: config_with(path, class_name="TFSMLayer"), "TFSMLayer"),
    "a program": (lambda path: config_with(path, module="os", class_name="system"), r"os\.system"),
    "a custom class": (lambda path: config_with(path, registered_name="x>LSTM"), "LSTM"),
    "an old format": (lambda path: config_with(path, module=None), "LSTM"),
}


@pytest.mark.parametrize(("harm", "message"), HARM.values(), ids=HARM)
def test_load_model_refuses_in_one_line_what_it_did_not_save(path, monkeypatch, harm, message):
    if message != "Keras cannot read" and "None" not in message:
        monkeypatch.delattr(keras.saving, "load_model")  # it must not get that far
    harm(path)
    with pytest.raises(InputError, match=message) as failure:
        load_model(path, "ethereum")
    assert "\n" not in str(failure.value)
    assert "eth.keras" in str(failure.value)


def test_load_model_refuses_another_coin(path):
    with pytest.raises(InputError, match="'ethereum', not of 'bitcoin'"):
        load_model(path, "bitcoin")


def test_save_model_keeps_the_earlier_model_when_the_new_one_carries_code(path, network):
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    outputs = keras.layers.Lambda(lambda change: change * 2)(network.output)
    with pytest.raises(InputError, match="Lambda"):
        save_model(path, SavedModel(keras.Model(network.input, outputs), CARD))
    with pytest.raises(InputError, match=r"\(None, 3, 2\).*\(None, 5, 2\)"):
        save_model(path, SavedModel(network, replace(CARD, lags=5)))
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
