"""What notebook 04 shows of Keras, on small windows: the seven steps, training, the gates."""

import keras
import numpy as np
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.errors import InputError
from coincast.models import training
from coincast.studies.how_it_works import keras_twins, networks_by_hand, price_windows, walkthrough
from coincast.studies.how_it_works.recurrent_cells import CELLS

SHAPE = {"filters": 3, "kernel_width": 4, "stride": 2, "pool": 2, "dropout": 0.5}
SETTINGS = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01}
PRICES = make_prices(90, seed=6)
WINDOWS = price_windows.price_windows(PRICES, 14)
EXAMPLE = price_windows.example(PRICES, WINDOWS)


@pytest.fixture(scope="module")
def steps():
    training.set_seed(2)
    model = walkthrough.convolution_network(14, **SHAPE)
    walkthrough.train_convolution(model, WINDOWS, **SETTINGS)
    return walkthrough.seven_steps(model, EXAMPLE.inputs)


@pytest.fixture(scope="module", params=list(CELLS))
def twins(request):
    start = networks_by_hand.initial(request.param, 4, 5, seed=2)
    ours, losses = networks_by_hand.train(start, WINDOWS.inputs, WINDOWS.targets, **SETTINGS)
    return ours, losses, *keras_twins.train_in_keras(start, WINDOWS, **SETTINGS)


def test_seven_steps_equal_keras_layer_by_layer(steps):
    assert set(steps.differences) == {"convolution", "relu", "pooling", "dropout", "softmax"}
    assert max(steps.differences.values()) < 1e-6  # 32-bit numbers of order 1


def test_seven_steps_have_the_shapes_that_widths_and_strides_give(steps):
    shapes = {name: table.shape for name, table in steps.tables.items()}
    assert shapes == {
        "window": (14, 4),
        "convolution": (6, 3),
        "relu": (6, 3),
        "pooling": (3, 3),
        "dropout": (3, 3),
        "softmax": (2,),
    }


def test_seven_steps_dropout_zeroes_or_doubles_and_drops_some(steps):
    pooled, dropped = steps.tables["pooling"], steps.tables["dropout"]
    np.testing.assert_array_equal(dropped, np.where(steps.kept, 2 * pooled, 0))
    assert not steps.kept.all()


def test_seven_steps_strongest_value_depends_on_its_frame_alone(steps):
    piece, kernel = steps.strongest
    first, last = steps.receptive_field
    assert last - first + 1 == 6
    assert steps.tables["pooling"][piece, kernel] == steps.tables["pooling"].max()
    assert steps.label == price_windows.LABELS[steps.tables["softmax"].argmax()]


def test_steps_sentences_count_what_was_dropped(steps):
    shape, dropped, label = walkthrough.steps_sentences(steps, EXAMPLE)
    assert "4 days at stride 2 makes 6 pieces of 14 days, seen by 3 filters" in shape
    assert f"switched off {(~steps.kept).sum()} of 9" in dropped
    assert f"the label is {steps.label!r}" in label


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel_width": 15}, "kernel width 15 does not fit 14 rows; use 1 to 14"),
        ({"stride": 0}, "stride is 0"),
        ({"pool": 7}, "pool width 7 does not fit 6 rows"),
        ({"dropout": 1.0}, r"dropout is 1\.0"),
        ({"filters": 0}, "filters is 0"),
    ],
)
def test_convolution_network_refuses_what_does_not_fit(change, message):
    with pytest.raises(InputError, match=message):
        walkthrough.convolution_network(14, **(SHAPE | change))


def test_twins_train_alike_to_the_last_digits(twins):
    ours, losses, model, of_keras = twins
    differences = keras_twins.twin_differences(ours, model, WINDOWS, losses, of_keras)
    assert losses[-1] < losses[0]
    # Both in 64 bits: sums in another order, 15 steps.
    assert max(differences.values()) < 1e-12


def test_twin_differences_see_another_network(twins):
    ours, losses, model, of_keras = twins
    other = networks_by_hand.initial(ours.kind, 4, 5, seed=3)
    found = keras_twins.twin_differences(other, model, WINDOWS, [*losses[:-1], 9.0], of_keras)
    assert found["weights"] > 0.01
    assert found["loss"] > 1


def test_train_in_keras_leaves_keras_as_it_was(twins):
    assert twins[2].dtype == "float64"
    assert keras.config.floatx() == "float32"
    assert keras.layers.Dense(1).dtype == "float32"


def test_gates_equal_those_that_keras_lets_one_ask_for():
    start = networks_by_hand.initial("LSTM", 4, 5, seed=2)
    model, _ = keras_twins.train_in_keras(start, WINDOWS, **SETTINGS)
    gates, differences = keras_twins.gates(model, EXAMPLE.inputs)
    assert set(differences) == {"input", "forget", "output", "carry", "state"}
    assert max(differences.values()) < 1e-12
    assert all(table.shape == (14, 5) for table in gates.values())
    output = (gates["state"][-1] @ model.get_weights()[3] + model.get_weights()[4])[0]
    assert output == pytest.approx(float(model(EXAMPLE.windows.inputs)[0, 0]), abs=1e-12)
    sentence = keras_twins.gates_sentence(gates, EXAMPLE)
    assert f"{EXAMPLE.day:%Y-%m-%d} moved by {EXAMPLE.move:+.1%}" in sentence


def test_equality_sentence_tells_the_largest_of_each_part():
    sentence = keras_twins.equality_sentence(
        {"a": {"x": 1e-9, "y": 3e-8}, "b": {"z": 2e-7}}, {"RNN": 1e-10}
    )
    assert "a 3.0e-08, b 2.0e-07" in sentence
    assert "RNN 1.0e-10" in sentence


def test_labels_of_the_windows_are_of_both_kinds():
    assert set(price_windows.labels(WINDOWS)) == {0, 1}
    assert isinstance(WINDOWS, windows.Windows)
