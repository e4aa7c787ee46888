import keras
import numpy as np
import pytest
from makers import make_prices

from coincast.studies.how_it_works import keras_comparison, normalised_windows, numpy_networks
from coincast.studies.how_it_works.recurrent_networks import CELLS, LSTM, initial_recurrent

SETTINGS = numpy_networks.TrainingSettings(epochs=3, batch_size=16, learning_rate=0.01)
PRICES = make_prices(90, seed=6)
WINDOWS = normalised_windows.normalised_windows(PRICES, 14)
EXAMPLE = normalised_windows.example_window(PRICES, WINDOWS)


@pytest.fixture(scope="module")
def trained():
    """Return kind -> network, its losses, Keras's model, its losses."""
    starts = {kind: initial_recurrent(kind, 4, 5, seed=2) for kind in CELLS}
    return {
        kind: (
            *numpy_networks.train(start, WINDOWS.inputs, WINDOWS.targets, SETTINGS),
            *keras_comparison.train_in_keras(start, WINDOWS, SETTINGS),
        )
        for kind, start in starts.items()
    }


@pytest.mark.parametrize("kind", CELLS)
def test_training_equals_keras_to_the_last_digits(trained, kind):
    ours, losses, model, of_keras = trained[kind]
    # Both in 64 bits: sums in another order, 15 steps.
    assert keras_comparison.training_difference(ours, model, WINDOWS) < 1e-12
    assert losses == pytest.approx(of_keras, abs=1e-12)


def test_training_difference_sees_another_network(trained):
    model = trained["LSTM"][2]
    other = initial_recurrent("LSTM", 4, 5, seed=3)
    assert keras_comparison.training_difference(other, model, WINDOWS) > 0.01


def test_train_in_keras_restores_the_settings_of_keras(trained):
    assert trained["RNN"][2].dtype == "float64"
    assert keras.config.floatx() == keras.layers.Dense(1).dtype == "float32"


def test_lstm_gates_lead_to_the_states_of_keras(trained):
    model = trained["LSTM"][2]
    gates, difference = keras_comparison.lstm_gates(model, EXAMPLE.inputs)
    assert difference < 1e-12
    shown = gates["output"] * np.tanh(gates["carry"])
    np.testing.assert_allclose(shown, gates["state"])
    dense, bias = model.get_weights()[3:]
    output = (gates["state"][-1] @ dense + bias)[0]
    assert output == pytest.approx(float(model(EXAMPLE.inputs[None])[0, 0]), abs=1e-12)


@pytest.mark.parametrize("gate", range(4))
def test_lstm_gates_sees_a_wrong_gate(trained, monkeypatch, gate):
    forward, units = LSTM.forward, 5
    shift = 0.01 * (np.arange(4 * units) // units == gate)

    def wrong(cell, inputs):
        kernel, recurrent, bias, *_ = cell.weights
        return forward(LSTM([kernel, recurrent, bias + shift]), inputs)

    monkeypatch.setattr(LSTM, "forward", wrong)
    _, difference = keras_comparison.lstm_gates(trained["LSTM"][2], EXAMPLE.inputs)
    assert difference > 1e-5


def test_agreement_is_the_same_where_only_rounding_differs():
    here = keras_comparison.agreement({"a": 2.9e-8, "b": 1.2e-10})
    there = keras_comparison.agreement({"a": 3.1e-8, "b": 1.9e-10})
    assert here == there == {"a": 1e-7, "b": 1e-9}
    assert "a 1e-07, b 1e-09" in keras_comparison.agreement_sentence(here)


def test_gru_and_bidirectional_lstm_equal_keras_and_a_wrong_reading_is_seen(monkeypatch):
    inputs = WINDOWS.inputs[:3]
    found = keras_comparison.reading_differences(inputs, units=3, seed=4)
    assert set(found) == {"GRU", "bidirectional LSTM"}
    assert max(found.values()) < 1e-13

    forward = LSTM.forward
    monkeypatch.setattr(LSTM, "forward", lambda cell, days: forward(cell, np.sort(days, axis=1)))
    wrong = keras_comparison.reading_differences(inputs, units=3, seed=4)
    assert wrong["bidirectional LSTM"] > 1e-3
