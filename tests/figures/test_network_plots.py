import pandas as pd
import pytest

from coincast.figures import network_plots
from coincast.models import networks


def test_network_names_every_layer_on_as_many_rows_as_it_needs():
    model = networks.cnn_lstm(30, 4)
    axes = network_plots.network(model).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts[::2] == [type(layer).__name__ for layer in model.layers]
    assert "filters: 16\nwidth: 4\noutput n x 30 x 16\n272 parameters" in texts
    assert axes.get_ylim() == (0, 2)


@pytest.mark.parametrize(
    ("draw", "height", "constant"),
    [(network_plots.model_loss, 1, 0.7), (network_plots.model_accuracy, 0, 0.6)],
)
def test_curves_mark_the_epoch_of_least_validation_loss(draw, height, constant):
    history = pd.DataFrame(
        {
            "loss": [3, 2, 1],
            "val_loss": [3, 1, 2],
            "accuracy": [0, 0, 1],
            "val_accuracy": [1, 0, 1],
        },
        index=pd.RangeIndex(1, 4, name="epoch"),
    )
    runs = {"as published": (history, "test rows", {"loss": 0.7, "accuracy": 0.6})}
    *_, line, point = draw(runs).axes[0].lines
    assert point.get_xydata().tolist() == [[2, height]]
    assert line.get_ydata()[0] == constant
