import numpy as np
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.studies.how_it_works.normalised_windows import normalised_windows
from coincast.studies.how_it_works.recurrent_cells import CELLS
from coincast.studies.how_it_works.recurrent_network import (
    Network,
    TrainingSettings,
    finite_difference_error,
    initial_network,
    train,
)

SETTINGS = TrainingSettings(epochs=8, batch_size=16, learning_rate=0.02)


def make_data(windows=80, seed=0):
    """Return windows whose target is the mean of their second column: learnable, not trivial."""
    inputs = np.random.default_rng(seed).normal(size=(windows, 6, 2))
    return inputs, inputs[:, :, 1].mean(axis=1)


@pytest.mark.parametrize("kind", CELLS)
def test_train_lowers_the_loss_on_other_windows_too(kind):
    start = initial_network(kind, 2, 5, seed=3)
    trained, losses = train(start, *make_data(), SETTINGS)
    assert losses[-1] < losses[0] / 2
    assert trained.loss(*make_data(seed=9)) < start.loss(*make_data(seed=9)) / 2


@pytest.mark.parametrize("kind", CELLS)
def test_train_repeats_exactly_by_seed_and_leaves_the_start_alone(kind):
    start = initial_network(kind, 2, 5, seed=3)
    first, losses = train(start, *make_data(), SETTINGS)
    again, losses_again = train(start, *make_data(), SETTINGS)
    assert losses == losses_again
    for ours, theirs in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for weight, drawn in zip(start.weights, initial_network(kind, 2, 5, 3).weights, strict=True):
        np.testing.assert_array_equal(weight, drawn)


def test_train_loss_of_an_epoch_is_the_mean_over_windows_before_each_step():
    """With batches of unequal size: 80 windows as 64 and 16, in two steps."""
    start, (inputs, targets) = initial_network("RNN", 2, 3, seed=1), make_data()
    settings = TrainingSettings(epochs=1, batch_size=64, learning_rate=0.01)
    _, losses = train(start, inputs, targets, settings)
    stepped, _ = train(start, inputs[:64], targets[:64], settings)
    parts = start.loss(inputs[:64], targets[:64]), stepped.loss(inputs[64:], targets[64:])
    assert losses == [pytest.approx(np.average(parts, weights=[64, 16]))]


def test_train_first_step_of_adam_moves_each_weight_by_the_learning_rate():
    """Adam's own law: with bias correction the first step is the sign of the gradient."""
    start, (inputs, targets) = initial_network("LSTM", 2, 3, seed=1), make_data()
    _, gradients = start.loss_gradients(inputs, targets)
    trained, _ = train(start, inputs, targets, TrainingSettings(1, 80, 0.01))
    for old, new, gradient in zip(start.weights, trained.weights, gradients, strict=True):
        # What keeps the division finite shortens the step where a gradient is tiny.
        clear = np.abs(gradient) > 1e-3
        np.testing.assert_allclose((new - old)[clear], -0.01 * np.sign(gradient[clear]), rtol=0.01)


@pytest.mark.parametrize("kind", CELLS)
def test_initial_network_has_orthogonal_rows_open_forget_gate_and_its_own_draw(kind):
    cell = initial_network(kind, 4, 6, seed=0).cell
    np.testing.assert_allclose(cell.recurrent @ cell.recurrent.T, np.eye(6), atol=1e-12)
    expected = [0.0] * 6 + [1.0] * 6 + [0.0] * 12 if kind == "LSTM" else [0.0] * 6
    assert cell.bias.tolist() == expected
    assert not np.array_equal(cell.kernel, initial_network(kind, 4, 6, seed=1).cell.kernel)


def test_finite_difference_error_sees_a_wrong_gradient(monkeypatch):
    few = normalised_windows(make_prices(12, seed=2), 6).take(np.arange(3))
    network, right = initial_network("LSTM", 4, 2, seed=1), Network.loss_gradients
    # Central differences in float64 are off by about 1e-10.
    assert finite_difference_error(network, few.inputs, few.targets) < 1e-8

    def wrong(self, inputs, targets):
        loss, found = right(self, inputs, targets)
        return loss, [found[0], found[1] * 1.01, *found[2:]]

    monkeypatch.setattr(Network, "loss_gradients", wrong)
    assert finite_difference_error(network, few.inputs, few.targets) > 1e-4


@pytest.mark.parametrize("name", ["epochs", "batch_size", "learning_rate"])
def test_training_settings_refuse_a_value_that_is_not_positive(name):
    with pytest.raises(InputError, match=f"{name} is 0"):
        TrainingSettings(**{"epochs": 1, "batch_size": 1, "learning_rate": 0.1, name: 0})


def test_train_refuses_a_loss_that_is_no_number():
    start, (inputs, targets) = initial_network("RNN", 2, 3, seed=1), make_data()
    targets[0] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=r"learning_rate.* 0\.02"):
        train(start, inputs, targets, SETTINGS)


def test_initial_network_refuses_a_cell_without_units():
    with pytest.raises(InputError, match="units is 0"):
        initial_network("LSTM", 4, 0, seed=1)
