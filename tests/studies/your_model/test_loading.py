import pytest
from sklearn.linear_model import Ridge

from coincast.errors import InputError
from coincast.studies.your_model.loading import load_features, load_model

CODE = """
import keras
from sklearn.linear_model import Ridge

estimator = Ridge(alpha=3.0)
number = 5

def dense(lags, features, units=1, compiled=False):
    model = keras.Sequential([keras.Input((lags, features)), keras.layers.Flatten(),
                              keras.layers.Dense(units)])
    if compiled:
        model.compile("adam")
    return model

def empty(lags, features):
    return None

def broken(lags, features):
    return 1 / (lags - 4)

def ridge(alpha=1.0):
    return Ridge(alpha=alpha)

def many(a, b, c):
    pass

def table(prices):
    return prices

built = dense(4, 3)
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    return path


def test_builder_takes_its_settings(mine):
    build = load_model(f"{mine}:dense", {"compiled": False}, 4, 3)
    assert build(4, 3).output_shape == (None, 1)


@pytest.mark.parametrize(
    ("place", "settings", "alpha"),
    [
        ("{}:estimator", {}, 3.0),
        ("{}:estimator", {"alpha": 2.0}, 2.0),
        ("{}:ridge", {"alpha": 4.0}, 4.0),
        ("sklearn.linear_model:Ridge", {"alpha": 5.0}, 5.0),
    ],
)
def test_estimators_are_found_as_objects_functions_and_classes(mine, place, settings, alpha):
    found = load_model(place.format(mine), settings, 4, 3)
    assert isinstance(found, Ridge)
    assert found.alpha == alpha


@pytest.mark.parametrize(
    ("place", "settings", "message"),
    [
        ("{}:dence", {}, "did you mean 'dense'"),
        ("{}", {}, "path/to/file.py:name"),
        ("{}x.py:dense", {}, "no file"),
        ("no.such.module:dense", {}, "'no'"),
        ("{}:number", {}, "int"),
        ("{}:built", {}, "Sequential"),
        ("{}:many", {}, r"\(a, b, c\)"),
        ("{}:dense", {"width": 3}, "width"),
        ("{}:estimator", {"beta": 3}, "beta"),
        ("{}:dense", {"units": 2}, r"\(None, 2\)"),
        ("{}:dense", {"compiled": True}, "compiled"),
        ("{}:empty", {}, "NoneType"),
        ("{}:broken", {}, r"mine\.py, line 19.*ZeroDivisionError"),
    ],
)
def test_load_model_says_in_one_line_what_is_wrong(mine, place, settings, message):
    with pytest.raises(InputError, match=message) as raised:
        load_model(place.format(mine), settings, 4, 3)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_python_is_told_with_its_line(mine):
    mine.write_text("a = 1\nb = (")
    with pytest.raises(InputError, match=r"mine\.py, line 2.*SyntaxError"):
        load_model(f"{mine}:dense", {}, 4, 3)


def test_load_features_refuses_other_arguments(mine):
    assert load_features(f"{mine}:table")("prices") == "prices"
    with pytest.raises(InputError, match="one argument"):
        load_features(f"{mine}:many")
