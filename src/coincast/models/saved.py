"""Models in `.keras` files, with the rest that a forecast needs as JSON beside them.

A `.keras` file is a zip whose configuration may name code to run. So all of it is checked before
Keras sees it, and only the layers listed here are let in.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np
import numpy.typing as npt

from coincast.errors import InputError, shown
from coincast.files import read_regular, require_writable, write_together
from coincast.prices.schema import parse_date
from coincast.records.machine import versions
from coincast.records.plain_json import parse_json

__all__ = ["Card", "SavedModel", "load_model", "require_place", "save_model"]

SIZE_LIMIT = 64 * 2**20  # bytes, also when unpacked; ten LSTMs of the Ethereum study take 0.2 MB
PARTS = ["config.json", "metadata.json", "model.weights.h5"]
LAYERS = {
    "InputLayer", "Dense", "Dropout", "Activation", "LeakyReLU", "ReLU", "ELU", "Softmax",
    "Normalization", "BatchNormalization", "LayerNormalization", "SimpleRNN", "LSTM", "GRU",
    "Bidirectional", "TimeDistributed", "Conv1D", "MaxPooling1D", "AveragePooling1D",
    "GlobalMaxPooling1D", "GlobalAveragePooling1D", "Flatten", "Reshape", "Add", "Average",
    "Concatenate", "Multiply",
}  # fmt: skip
INITIALIZERS = {
    "Zeros", "Ones", "Constant", "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal",
    "LecunUniform", "LecunNormal", "Orthogonal", "RandomUniform", "RandomNormal",
}  # fmt: skip
CLASSES = {  # module -> what a configuration may name from it
    "keras": {"DTypePolicy", "Sequential"},
    "keras.layers": LAYERS,
    "keras.src.models.functional": {"Functional"},
    "keras.initializers": INITIALIZERS,
    "keras.regularizers": {"L1", "L2", "L1L2"},
}
LARGEST = 1e18  # a number above it is none that we wrote
KINDS: dict[Any, Callable[[Any], bool]] = {
    str: lambda value: isinstance(value, str),
    int: lambda value: type(value) is int and 0 < value < LARGEST,
    float: lambda value: type(value) in (int, float) and abs(value) < LARGEST,  # no NaN
    list[str]: lambda value: isinstance(value, list) and all(map(KINDS[str], value)),
    list[int]: lambda value: isinstance(value, list) and all(map(KINDS[int], value)),
    list[float]: lambda value: isinstance(value, list) and all(map(KINDS[float], value)),
}


@dataclass(frozen=True)
class Card:
    """What a network of next-day changes was fitted to, and how its inputs are scaled.

    Attributes:
        model: its kind, as the walk-forward names it, for example "lstm".
        coin, source, data_sha256: whose prices, and from where.
        features, lags: columns and rows of a window.
        mean, scale: one number per feature: inputs are (value - mean) / scale.
        first_day, last_day, rows: days of the targets that it was fitted to, "YYYY-MM-DD".
        epochs: one number per seed.
        train_mean: mean of these targets.
        errors: forecast minus target on rows that were not fitted, oldest first, for intervals.
    """

    model: str
    coin: str
    source: str
    data_sha256: str
    features: list[str]
    lags: int
    mean: list[float]
    scale: list[float]
    first_day: str
    last_day: str
    rows: int
    epochs: list[int]
    train_mean: float
    errors: list[float]


@dataclass(frozen=True)
class SavedModel:
    """A network, (windows, lags, features) -> (windows, 1), and its card."""

    network: keras.Model
    card: Card

    def predict(self, rows: npt.NDArray[np.float64]) -> float:
        """Forecast from the last days of features: (lags, features), unscaled."""
        scaled = (rows - np.array(self.card.mean)) / np.array(self.card.scale)
        return float(np.asarray(self.network(scaled[None].astype("float32")))[0, 0])


def save_model(path: Path, saved: SavedModel) -> None:
    """Write `path` and `path.json` together, or neither.

    Raises:
        InputError: `load_model` would refuse the network, or the files cannot be written.
    """
    require_place(path)
    _check_shape(saved, path)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        saved.network.save(file)
        body = file.read_bytes()
    _check_archive(body, path)
    known = {
        "card": asdict(saved.card),
        "sha256": hashlib.sha256(body).hexdigest(),
        "keras": keras.__version__,
        "versions": versions("coincast", "numpy"),
    }
    write_together({path: body, _beside(path): json.dumps(known, indent=2) + "\n"})


def require_place(path: Path) -> None:
    """Refuse where `save_model` cannot write, before a model is fitted for it.

    Raises:
        InputError: the name does not end in .keras, or its folder takes no file.
    """
    if path.suffix != ".keras" or path.is_dir():
        raise InputError(f"{str(path)!r} is no name for a model; use one like model.keras")
    require_writable(path.absolute().parent, "folder of the model")


def load_model(path: Path, coin: str) -> SavedModel:
    """A model that `save_model` wrote, for this coin.

    Raises:
        InputError: a file is missing, damaged, foreign, too large or of another version of Keras;
            it is another coin's; or it holds anything but the layers in `LAYERS`.
    """
    body, stated = _read(path), _read_json(_beside(path))
    if hashlib.sha256(body).hexdigest() != stated.get("sha256"):
        _refuse(path, "its SHA-256 is not the one in the JSON beside it; it is damaged or another")
    card = _read_card(stated.get("card"), path)
    if card.coin != coin:
        _refuse(path, f"it is a model of {shown(card.coin)}, not of {coin!r}")
    if (saved_by := str(stated.get("keras"))).partition(".")[0] != keras.__version__[0]:
        _refuse(path, f"it was saved by Keras {saved_by!r:.20}, and this is {keras.__version__}")
    _check_archive(body, path)
    with tempfile.TemporaryDirectory() as folder:  # what was checked is what is read
        file = Path(folder) / "model.keras"
        file.write_bytes(body)
        try:
            network = keras.saving.load_model(file, compile=False, safe_mode=True)
        except Exception as error:  # noqa: BLE001 - Keras raises anything on a bad configuration
            _refuse(path, f"Keras cannot read it ({type(error).__name__})")
    _check_shape(saved := SavedModel(network, card), path)
    return saved


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise InputError(
        f"{str(path)!r}: {reason}; use a model that `scripts/predict.py --save` wrote for "
        "this coin, or fit one (no --model)"
    )


def _read(path: Path) -> bytes:
    try:
        body = read_regular(path, SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        _refuse(path, f"cannot read it: {getattr(error, 'strerror', None) or error}")
    if len(body) > SIZE_LIMIT:
        _refuse(path, f"it is larger than {SIZE_LIMIT >> 20} MiB")
    return body


def _read_json(path: Path) -> dict[str, Any]:
    body = _read(path)
    try:
        stated = parse_json(body.decode())
    except ValueError as error:
        _refuse(path, f"it is not JSON ({error})")
    return stated if isinstance(stated, dict) else {}


def _read_card(stated: object, path: Path) -> Card:
    """The card in a JSON file, each value of its kind."""
    values = stated if isinstance(stated, dict) else {}
    for field in fields(Card):
        if not KINDS[field.type](value := values.get(field.name)):
            _refuse(path, f"the JSON beside it has {field.name} {shown(value)}")
    card = Card(**{field.name: values[field.name] for field in fields(Card)})
    try:
        known = parse_date(card.last_day, "last_day")
    except InputError:
        known = None
    if not known:
        _refuse(path, f"the JSON beside it has last_day {shown(card.last_day)}")
    if not len(card.features) == len(card.mean) == len(card.scale) or min(card.scale) <= 0:
        _refuse(path, "features, mean and scale in the JSON beside it do not fit each other")
    return card


def _check_shape(saved: SavedModel, path: Path) -> None:
    """Refuse a network whose windows or outputs are not those of its card."""
    shapes = saved.network.input_shape, saved.network.output_shape
    wanted = (None, saved.card.lags, len(saved.card.features)), (None, 1)
    if shapes != wanted:
        _refuse(path, f"its shapes are {shapes}, not {wanted} as its features and lags need")


def _check_archive(body: bytes, path: Path) -> None:
    """Refuse what is not a whole zip of the three parts, or configures more than `CLASSES`."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = archive.infolist()
            with archive.open("config.json") as file:
                config = parse_json(file.read(SIZE_LIMIT).decode())
    except Exception as error:  # noqa: BLE001 - zipfile and zlib raise a dozen kinds
        _refuse(path, f"it is no whole .keras file ({type(error).__name__})")
    if sorted(part.filename for part in parts) != PARTS:
        _refuse(path, f"it holds other parts than {', '.join(PARTS)}")
    if sum(part.file_size for part in parts) > SIZE_LIMIT:
        _refuse(path, f"it is larger than {SIZE_LIMIT >> 20} MiB when unpacked")
    for name in _strange_classes(config):
        _refuse(path, f"it holds {shown(name)}, which is not among the layers that are let in")


def _strange_classes(config: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Every class or function that a model's configuration names outside of `CLASSES`."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            if "class_name" in item and not _is_known(item):
                yield f"{item.get('module')}.{item['class_name']}"
            # Loaded with compile=False, so what the outer model was compiled with is not read.
            waiting += [v for k, v in item.items() if item is not config or k != "compile_config"]


def _is_known(item: dict[str, Any]) -> bool:
    name, module = item["class_name"], item.get("module")
    if module is None:
        return name == "__keras_tensor__"
    registered = item.get("registered_name") in (None, name)
    return registered and isinstance(name, str) and name in CLASSES.get(str(module), ())
