import numpy as np
import pandas as pd
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.figures import how_it_works_plots
from coincast.models import training
from coincast.studies.how_it_works import measurements, normalised_windows, seven_steps
from coincast.studies.how_it_works.numpy_networks import TrainingSettings

PRICES = make_prices(70, seed=2)
WINDOWS = normalised_windows.normalised_windows(PRICES, 12)
EXAMPLE = normalised_windows.example_window(PRICES, WINDOWS)
PARTS = windows.split_tail(WINDOWS, 0.25)


@pytest.fixture(scope="module")
def measured():
    return measurements.measure(
        *PARTS, units=2, seeds=[3, 4], settings=TrainingSettings(1, 16, 0.01)
    )


@pytest.mark.parametrize(
    "shape",
    [
        {"filters": 1, "shapes": [(12, 1), (1, 1)], "dropout": 0.0},
        {"filters": 5, "shapes": [(2, 3), (3, 3)], "dropout": 0.9},
    ],
)
def test_seven_steps_marks_every_value_that_is_dropped(shape):
    training.set_seed(1)
    model = seven_steps.convolution_network(12, **shape)
    steps = seven_steps.seven_steps(model, EXAMPLE.inputs)
    figure = how_it_works_plots.seven_steps(steps, EXAMPLE)
    texts = [text.get_text() for text in figure.axes[4].texts]
    assert texts.count("x") == (~steps.kept).sum()
    assert f"= {1 / (1 - shape['dropout']):.3g}" in figure.axes[4].get_title(loc="left")
    assert steps.label in figure.axes[5].get_title(loc="left")


def test_vanishing_gradient_draws_the_median_of_every_network_and_task(measured):
    norms, _ = measured
    shares = measurements.shares(norms)
    panels = how_it_works_plots.vanishing_gradient(norms).axes
    for axes, task in zip(panels, shares.index.unique("task"), strict=True):
        for line, network in zip(axes.lines, ("RNN", "LSTM"), strict=True):
            of_seeds = shares.xs((network, task), level=("network", "task"))
            np.testing.assert_allclose(line.get_ydata(), of_seeds.median())


def test_cell_losses_draws_each_epoch_and_each_seed(measured):
    losses = {"RNN": [2.0, 1.0], "LSTM": [3.0, 1.5]}
    baselines = normalised_windows.baselines(*PARTS)
    _, facts = measured
    longer = pd.Series([0.7, 0.8], name="longer")
    figure = how_it_works_plots.cell_losses(
        losses, losses, baselines=baselines, facts=facts, longer=longer
    )
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines[:4:2]] == list(losses.values())
    expected = facts["loss"].xs("LSTM").xs("recall the first close")
    np.testing.assert_array_equal(right.lines[1].get_ydata(), longer)
    np.testing.assert_array_equal(right.lines[2].get_ydata(), expected)


def test_lstm_gates_draws_every_unit_and_the_mean():
    values = np.random.default_rng(1).random((4, 12, 3))
    gates = dict(zip(("input", "forget", "output", "carry"), values, strict=True))
    forget = how_it_works_plots.lstm_gates(gates, EXAMPLE).axes[2]
    assert len(forget.lines) == 3 + 1 + 1  # units, mean, the day of the move
    np.testing.assert_allclose(forget.lines[3].get_ydata(), gates["forget"].mean(axis=1))
