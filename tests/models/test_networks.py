import keras
import pytest

from coincast.errors import InputError
from coincast.models import networks


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("layers", [1, 3])
def test_lstm_has_the_layers_and_parameters_of_the_demo(layers):
    model = networks.lstm(lags=4, features=10, layers=layers)
    assert kinds(model) == ["InputLayer", *["LSTM"] * layers, "Dropout", "Dense", "Activation"]
    first, other = 4 * 12 * (10 + 12 + 1), 4 * 12 * (12 + 12 + 1)
    assert model.count_params() == first + (layers - 1) * other + 13
    assert model.output_shape == (None, 1)
    assert not model.compiled


def test_cnn_lstm_has_the_layers_and_parameters_that_it_names():
    model = networks.cnn_lstm(lags=30, features=4)
    block = ["Conv1D", "BatchNormalization", "LeakyReLU", "Dropout"]
    assert kinds(model) == ["InputLayer", *block, *block, "LSTM", "Dense", "Activation"]
    convolutions = (4 * 4 + 1) * 16 + 4 * 16 + (4 * 16 + 1) * 8 + 4 * 8
    assert model.count_params() == convolutions + 4 * 16 * (8 + 16 + 1) + 17 * 2
    assert model.layers[-1].activation is keras.activations.softmax
    assert not model.compiled


def test_cnn_lstm_takes_every_width_from_its_arguments():
    model = networks.cnn_lstm(
        12, 3, filters=[5, 6, 7], filter_width=3, dropout=0.1, pool=2, units=9
    )
    assert [model.get_layer(f"convolution_{i}").filters for i in (1, 2, 3)] == [5, 6, 7]
    assert model.get_layer("convolution_3").kernel_size == (3,)
    assert model.get_layer("dropout_2").rate == 0.1
    assert model.get_layer("pooling_3").output.shape == (None, 1, 7)
    assert (model.get_layer("lstm").units, model.output_shape) == (9, (None, 2))


def test_cnn_has_the_layers_and_parameters_of_the_code_behind_the_demo():
    model = networks.cnn(lags=30, features=5)
    block = ["Conv1D", "BatchNormalization", "LeakyReLU", "Dropout"]
    dense = ["Flatten", "Dense", "BatchNormalization", "LeakyReLU"]
    assert kinds(model) == ["InputLayer", *block, *block, *dense, "Dense", "Activation"]
    convolutions = (4 * 5 + 1) * 16 + 4 * 16 + (4 * 16 + 1) * 8 + 4 * 8
    assert model.count_params() == convolutions + (30 * 8 + 1) * 64 + 4 * 64 + 65 * 2
    assert [model.get_layer(f"dropout_{i}").rate for i in (1, 2)] == [0.5, 0.5]
    assert not model.compiled


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ({"filters": []}, "filters is 0"),
        ({"filters": [4, 0]}, "filters is 0"),
        ({"filter_width": 0}, "filter_width is 0"),
        ({"units": -1}, "units is -1"),
        ({"pool": 3}, "pool 3 .* 2 convolutions .* 8 rows"),
    ],
)
def test_cnn_lstm_refuses_widths_that_make_no_network(widths, message):
    with pytest.raises(InputError, match=message):
        networks.cnn_lstm(8, 2, **widths)


@pytest.mark.parametrize(
    ("build", "layer", "parameters"),
    [
        (networks.lstm, "LSTM", 4 * 5 * (2 + 5 + 1) + 6),
        (networks.gru, "GRU", 3 * 5 * (2 + 5 + 2) + 6),  # two biases
        (networks.bidirectional_lstm, "Bidirectional", 2 * 4 * 5 * (2 + 5 + 1) + 11),
    ],
)
def test_recurrent_networks_take_their_widths_from_their_arguments(build, layer, parameters):
    model = build(3, 2, units=5, dropout=0.1, activation="linear")
    assert kinds(model) == ["InputLayer", layer, "Dropout", "Dense", "Activation"]
    assert (model.count_params(), model.output_shape) == (parameters, (None, 1))
    assert model.get_layer("dropout").rate == 0.1
    assert model.layers[-1].activation is keras.activations.linear
    assert not model.compiled
