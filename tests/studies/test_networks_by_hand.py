import numpy as np
import pytest

from coincast.errors import InputError
from coincast.studies.how_it_works import networks_by_hand as by_hand
from coincast.studies.how_it_works.recurrent_cells import CELLS

SETTINGS = {"epochs": 8, "batch_size": 16, "learning_rate": 0.02}


def make_data(windows=80, seed=0):
    """Return windows whose target is the mean of their second column: learnable, not trivial."""
    inputs = np.random.default_rng(seed).normal(size=(windows, 6, 2))
    return inputs, inputs[:, :, 1].mean(axis=1)


@pytest.mark.parametrize("kind", CELLS)
def test_train_lowers_the_loss_on_other_windows_too(kind):
    start = by_hand.initial(kind, 2, 5, seed=3)
    trained, losses = by_hand.train(start, *make_data(), **SETTINGS)
    assert losses[-1] < losses[0] / 2
    assert trained.loss(*make_data(seed=9)) < start.loss(*make_data(seed=9)) / 2


@pytest.mark.parametrize("kind", CELLS)
def test_train_repeats_exactly_by_seed_and_leaves_the_start_alone(kind):
    start = by_hand.initial(kind, 2, 5, seed=3)
    before = [weight.copy() for weight in start.weights]
    first, losses = by_hand.train(start, *make_data(), **SETTINGS)
    again = by_hand.train(by_hand.initial(kind, 2, 5, seed=3), *make_data(), **SETTINGS)
    assert losses == again[1]
    for ours, theirs in zip(first.weights, again[0].weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for kept, weight in zip(before, start.weights, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_train_loss_of_an_epoch_is_the_mean_over_windows_before_each_step():
    """With batches of unlike size: 80 windows as 64 and 16, seen by two steps."""
    start, (inputs, targets) = by_hand.initial("RNN", 2, 3, seed=1), make_data()
    settings = {"epochs": 1, "batch_size": 64, "learning_rate": 0.01}
    _, losses = by_hand.train(start, inputs, targets, **settings)
    stepped, _ = by_hand.train(start, inputs[:64], targets[:64], **settings)
    parts = start.loss(inputs[:64], targets[:64]), stepped.loss(inputs[64:], targets[64:])
    assert losses == [pytest.approx(np.average(parts, weights=[64, 16]))]


def test_train_first_step_of_adam_moves_each_weight_by_the_learning_rate():
    """Adam's own law: with bias correction the first step is the sign of the gradient."""
    start, (inputs, targets) = by_hand.initial("LSTM", 2, 3, seed=1), make_data()
    settings = {"epochs": 1, "batch_size": 80, "learning_rate": 0.01}
    _, gradients = start.loss_gradients(inputs, targets)
    trained, _ = by_hand.train(start, inputs, targets, **settings)
    for old, new, gradient in zip(start.weights, trained.weights, gradients, strict=True):
        # What keeps the division finite shortens the step where a gradient is tiny.
        clear = np.abs(gradient) > 1e-3
        np.testing.assert_allclose((new - old)[clear], -0.01 * np.sign(gradient[clear]), rtol=0.01)


def test_network_from_weights_gives_the_weights_back():
    network = by_hand.initial("LSTM", 4, 3, seed=5)
    again = by_hand.Network.from_weights(network.kind, network.weights)
    for ours, theirs in zip(again.weights, network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", CELLS)
def test_initial_has_orthogonal_rows_open_forget_gate_and_its_own_draw(kind):
    cell = by_hand.initial(kind, 4, 6, seed=0).cell
    np.testing.assert_allclose(cell.recurrent @ cell.recurrent.T, np.eye(6), atol=1e-12)
    expected = [0.0] * 6 + [1.0] * 6 + [0.0] * 12 if kind == "LSTM" else [0.0] * 6
    assert cell.bias.tolist() == expected
    assert np.abs(cell.kernel).max() <= np.sqrt(6 / (4 + cell.kernel.shape[1]))
    assert not np.allclose(cell.kernel, by_hand.initial(kind, 4, 6, seed=1).cell.kernel)


@pytest.mark.parametrize("name", SETTINGS)
def test_train_refuses_a_setting_that_is_not_positive(name):
    start = by_hand.initial("RNN", 2, 3, seed=1)
    with pytest.raises(InputError, match=f"{name} is 0; it must be above 0"):
        by_hand.train(start, *make_data(), **(SETTINGS | {name: 0}))


def test_train_refuses_a_loss_that_is_no_number():
    start, (inputs, targets) = by_hand.initial("RNN", 2, 3, seed=1), make_data()
    targets[0] = np.inf
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(InputError, match=r"not a number; use a learning_rate below 0\.02"),
    ):
        by_hand.train(start, inputs, targets, **SETTINGS)


def test_initial_refuses_a_cell_without_units():
    with pytest.raises(InputError, match="units is 0; use 1 or more"):
        by_hand.initial("LSTM", 4, 0, seed=1)
