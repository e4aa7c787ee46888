"""Where every figure and number of the two demos is rebuilt."""

from dataclasses import dataclass

import pandas as pd

__all__ = ["REBUILT", "Rebuilt", "rebuilt_table"]

ETHEREUM, BITCOIN = "Ethereum demo", "Bitcoin demo"
PRICES, LSTM, CNN_LSTM = "01_prices", "02_ethereum_lstm", "03_bitcoin_cnn_lstm"
HOW, SEEDS, SPEED = "04_how_it_works", "05_many_seeds", "08_speed"


@dataclass(frozen=True)
class Rebuilt:
    """One published figure or number, and where it comes out here.

    Attributes:
        demo: which of the two.
        published: the figure or number, as the demo has it.
        notebook: where it is rebuilt; "" where it is not.
        section: number of the notebook's section; 0 for its parameters.
        file: the figure in `figs/`, or the parameter or recorded value, `notebook.json:key.key`.
        remark: what differs, or why it is not rebuilt.
    """

    demo: str
    published: str
    notebook: str = ""
    section: int = 0
    file: str = ""
    remark: str = ""


def _value(notebook: str, keys: str) -> str:
    return f"{notebook}.json:{keys}"


REBUILT = (
    Rebuilt(ETHEREUM, "figure ethereum", PRICES, 3, "ethereum.png"),
    Rebuilt(ETHEREUM, "figure price", PRICES, 2, "price.png"),
    Rebuilt(ETHEREUM, "figure volume", PRICES, 2, "volume.png"),
    Rebuilt(ETHEREUM, "figure training", LSTM, 1, "training.png"),
    Rebuilt(ETHEREUM, "figure lstm", LSTM, 3, "lstm.png", "drawn from the Keras model"),
    Rebuilt(ETHEREUM, "figure loss", LSTM, 4, "loss.png", "with an honest panel beside it"),
    Rebuilt(ETHEREUM, "figure prediction", SEEDS, 1, "prediction.png", "250 seeds, not one"),
    Rebuilt(ETHEREUM, "MAE = 5 % on the test rows", LSTM, 5, "mae.png", "every baseline beside it"),
    Rebuilt(ETHEREUM, "trained before 2017-11-15", LSTM, 0, "test_start"),
    Rebuilt(ETHEREUM, "two years of prices", PRICES, 0, "end", "ethereum begins in May 2016"),
    Rebuilt(ETHEREUM, "4 days of lagged data", LSTM, 0, "lags"),
    Rebuilt(ETHEREUM, "12 neurons", LSTM, 0, "units"),
    Rebuilt(
        ETHEREUM,
        "3 hidden layers",
        SEEDS,
        1,
        _value(SEEDS, "seeds.lstm_three_layers.mae"),
        "the notebook behind the text has one layer; three stand beside it",
    ),
    Rebuilt(ETHEREUM, "5 % on the train rows", SEEDS, 1, _value(SEEDS, "seeds.lstm.train_mae")),
    Rebuilt(
        ETHEREUM,
        "the regression's MAE, twice the LSTM's",
        LSTM,
        5,
        _value(LSTM, "evaluation.linear_regression.mae"),
    ),
    Rebuilt(
        ETHEREUM,
        "the regression's first month",
        LSTM,
        5,
        _value(LSTM, "by_month.2017-11.linear_regression.mae"),
    ),
    Rebuilt(
        ETHEREUM,
        "training takes 1 minute on a GPU",
        SPEED,
        1,
        _value(SPEED, "ratios.ethereum.fit_seconds"),
        "on a processor",
    ),
    Rebuilt(ETHEREUM, "GPU utilization 15 %, $0.76/hr", remark="of a machine of 2018"),
    Rebuilt(BITCOIN, "convolution, pooling, ReLU, dropout, softmax", HOW, 2, "seven_steps.png"),
    Rebuilt(BITCOIN, "vanishing gradient", HOW, 4, "vanishing_gradient.png"),
    Rebuilt(BITCOIN, "the cell's gates", HOW, 6, "lstm_gates.png"),
    Rebuilt(BITCOIN, "RNN and LSTM cell classes", HOW, 4, "cell_losses.png"),
    Rebuilt(BITCOIN, "the network", CNN_LSTM, 3, "cnn_lstm.png", "its layers are lost"),
    Rebuilt(BITCOIN, "plot model loss", CNN_LSTM, 4, "model_loss.png"),
    Rebuilt(BITCOIN, "plot model accuracy", CNN_LSTM, 4, "model_accuracy.png"),
    Rebuilt(BITCOIN, "confusion matrix", CNN_LSTM, 5, "confusion_matrix.png"),
    Rebuilt(
        BITCOIN,
        ".755, .245, .469, .531",
        CNN_LSTM,
        6,
        _value(CNN_LSTM, "label_counts.0.ups"),
        "Apple's 98 test rows, not bitcoin's",
    ),
    Rebuilt(BITCOIN, "400 epochs", CNN_LSTM, 0, "epochs"),
    Rebuilt(BITCOIN, "batch size 50", CNN_LSTM, 0, "batch_size"),
    Rebuilt(BITCOIN, "WINDOW, FORECAST", CNN_LSTM, 0, "window", "not printed; the parent's"),
    Rebuilt(BITCOIN, "first 90 % to train", CNN_LSTM, 1, _value(CNN_LSTM, "rows.published.train")),
    Rebuilt(
        BITCOIN,
        "Nadam .002; plateau .9, 30, 1e-6",
        CNN_LSTM,
        3,
        _value(CNN_LSTM, "history.published"),
    ),
    Rebuilt(BITCOIN, "pictures of 2017-08-23", CNN_LSTM, 0, "end"),
    Rebuilt(BITCOIN, "images of 5x5x3 and 255x255x3", remark="an example, of no data"),
)


def rebuilt_table() -> pd.DataFrame:
    """One row per published figure or number, as a reader sees it."""
    return pd.DataFrame(
        [
            {
                "demo": one.demo,
                "published": one.published,
                "notebook": one.notebook or "not rebuilt",
                "section": (str(one.section) if one.section else "Parameters") * bool(one.notebook),
                "file": one.file,
                "remark": one.remark,
            }
            for one in REBUILT
        ]
    )
