import numpy as np
import pytest
from makers import make_prices

from coincast.errors import InputError
from coincast.models import training
from coincast.studies.how_it_works import normalised_windows, seven_steps

PRICES = make_prices(90, seed=6)
WINDOWS = normalised_windows.normalised_windows(PRICES, 14)
EXAMPLE = normalised_windows.example_window(PRICES, WINDOWS)


@pytest.fixture(scope="module")
def steps():
    training.set_seed(2)
    model = seven_steps.convolution_network(14, 3, [(4, 2), (2, 2)], dropout=0.5)
    return seven_steps.seven_steps(model, EXAMPLE.inputs)


def test_seven_steps_equal_keras_layer_by_layer(steps):
    assert steps.difference < 1e-6  # 32-bit numbers of order 1


def test_seven_steps_dropout_zeroes_or_doubles_and_drops_some(steps):
    pooled, dropped = steps.tables["pooling"], steps.tables["dropout"]
    np.testing.assert_array_equal(dropped, np.where(steps.kept, 2 * pooled, 0))
    assert not steps.kept.all()


def test_seven_steps_name_the_strongest_value_its_days_and_the_label(steps):
    first, last = steps.receptive_field
    assert steps.tables["pooling"][steps.strongest] == steps.tables["pooling"].max()
    assert last - first + 1 == 6
    assert steps.label == normalised_windows.LABELS[steps.tables["softmax"].argmax()]


@pytest.mark.parametrize(
    ("convolving", "pool", "dropout", "named"),
    [
        ((0, 2), 2, 0.5, "kernel width 0 .* 14 rows"),
        ((15, 2), 2, 0.5, "kernel width 15 .* 14 rows"),
        ((4, 0), 2, 0.5, "stride is 0"),
        ((4, 2), 7, 0.5, "pool width 7 .* 6 rows"),
        ((4, 2), 2, 1.0, r"dropout is 1\.0"),
    ],
)
def test_convolution_network_refuses_what_does_not_fit(convolving, pool, dropout, named):
    with pytest.raises(InputError, match=named):
        seven_steps.convolution_network(14, 3, [convolving, (pool, pool)], dropout=dropout)
