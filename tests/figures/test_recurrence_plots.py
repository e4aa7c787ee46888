"""The figures of notebook 04 draw what they are given, whatever its shape; pixels are not held."""

import numpy as np
import pytest
from makers import make_prices

from coincast.datasets import windows
from coincast.figures import recurrence_plots
from coincast.models import training
from coincast.studies.how_it_works import gradients, price_windows, walkthrough
from coincast.studies.how_it_works.networks_by_hand import initial

SETTINGS = {"units": 2, "epochs": 1, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def prices():
    return make_prices(70, seed=2)


@pytest.fixture(scope="module")
def parts(prices):
    return windows.split_tail(price_windows.price_windows(prices, 12), 0.25)


@pytest.fixture(scope="module")
def measured(parts):
    return gradients.measure(*parts, price_windows.TASKS, seeds=[3, 4], **SETTINGS)


@pytest.mark.parametrize(
    "shape",
    [
        {"filters": 1, "kernel_width": 12, "stride": 1, "pool": 1, "dropout": 0.0},
        {"filters": 5, "kernel_width": 2, "stride": 3, "pool": 3, "dropout": 0.9},
    ],
)
def test_seven_steps_marks_every_value_that_is_dropped(prices, shape):
    training.set_seed(1)
    model = walkthrough.convolution_network(12, **shape)
    example = price_windows.example(prices, price_windows.price_windows(prices, 12))
    steps = walkthrough.seven_steps(model, example.inputs)
    figure = recurrence_plots.seven_steps(steps, example)
    texts = [text.get_text() for text in figure.axes[4].texts]
    assert texts.count("x") == (~steps.kept).sum()
    assert steps.label in figure.axes[5].get_title(loc="left")


def test_vanishing_gradient_draws_the_median_of_every_network_and_task(measured):
    norms, _ = measured
    figure = recurrence_plots.vanishing_gradient(norms)
    shares = gradients.shares(norms)
    assert len(figure.axes) == 3
    for axes, task in zip(figure.axes, ["untrained", *price_windows.TASKS], strict=True):
        assert axes.get_yscale() == "log"
        for line, network in zip(axes.lines, ("RNN", "LSTM"), strict=True):
            of_seeds = shares.xs((network, task), level=("network", "task"))
            np.testing.assert_allclose(line.get_ydata(), of_seeds.median())


def test_cell_losses_draws_each_epoch_and_each_seed(parts, measured):
    losses = {"RNN": [2.0, 1.0], "LSTM": [3.0, 1.5]}
    baselines = price_windows.baselines(*parts)
    _, facts = measured
    figure = recurrence_plots.cell_losses(losses, losses, baselines, facts, task="next close")
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines[:4:2]] == list(losses.values())
    assert len(right.lines[1].get_ydata()) == 2


def test_lstm_gates_draws_every_unit_and_the_mean(prices):
    example = price_windows.example(prices, price_windows.price_windows(prices, 12))
    done = initial("LSTM", 4, 3, seed=1).cell.forward(example.windows.inputs)
    gates = {name: table[:, 0] for name, table in done.gates.items()} | {
        "carry": done.carries[1:, 0]
    }
    figure = recurrence_plots.lstm_gates(gates, example)
    forget = figure.axes[2]
    assert len(forget.lines) == 3 + 1 + 1  # units, mean, the day of the move
    np.testing.assert_allclose(forget.lines[3].get_ydata(), gates["forget"].mean(axis=1))
