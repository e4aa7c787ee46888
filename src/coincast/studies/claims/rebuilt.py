"""Where every figure and number of the two demos is rebuilt."""

import pandas as pd

__all__ = ["rebuilt_table"]

ETHEREUM, BITCOIN = "Ethereum demo", "Bitcoin demo"
PRICES, LSTM, CNN_LSTM = "01_prices", "02_ethereum_lstm", "03_bitcoin_cnn_lstm"
HOW, SEEDS, SPEED = "04_how_it_works", "05_many_seeds", "08_speed"
NOT_REBUILT = ("not rebuilt", "", "")
COLUMNS = ["demo", "published", "notebook", "section", "file", "remark"]
REBUILT = [  # the remark may be missing
    (ETHEREUM, "figure ethereum", PRICES, "3", "ethereum.png"),
    (ETHEREUM, "figure price", PRICES, "2", "price.png"),
    (ETHEREUM, "figure volume", PRICES, "2", "volume.png"),
    (ETHEREUM, "figure training", LSTM, "1", "training.png"),
    (ETHEREUM, "figure lstm", LSTM, "3", "lstm.png", "drawn from the Keras model"),
    (ETHEREUM, "figure loss", LSTM, "4", "loss.png", "with an honest panel beside it"),
    (ETHEREUM, "figure prediction", SEEDS, "1", "prediction.png", "250 seeds, not one"),
    (ETHEREUM, "MAE = 5 % on the test rows", LSTM, "5", "mae.png", "every baseline beside it"),
    (ETHEREUM, "trained before 2017-11-15", LSTM, "Parameters", "test_start"),
    (ETHEREUM, "two years of prices", PRICES, "Parameters", "end", "ethereum begins in May 2016"),
    (ETHEREUM, "4 days of lagged data", LSTM, "Parameters", "lags"),
    (ETHEREUM, "12 neurons", LSTM, "Parameters", "units"),
    (
        ETHEREUM,
        "3 hidden layers",
        SEEDS,
        "1",
        f"{SEEDS}.json:seeds.lstm_three_layers.mae",
        "the notebook behind the text has one layer; three stand beside it",
    ),
    (ETHEREUM, "5 % on the train rows", SEEDS, "1", f"{SEEDS}.json:seeds.lstm.train_mae"),
    (
        ETHEREUM,
        "the regression's MAE, twice the LSTM's",
        LSTM,
        "5",
        f"{LSTM}.json:evaluation.linear_regression.mae",
    ),
    (
        ETHEREUM,
        "the regression's first month",
        LSTM,
        "5",
        f"{LSTM}.json:by_month.2017-11.linear_regression.mae",
    ),
    (
        ETHEREUM,
        "training takes 1 minute on a GPU",
        SPEED,
        "1",
        f"{SPEED}.json:ratios.ethereum.fit_seconds",
        "on a processor",
    ),
    (ETHEREUM, "GPU utilization 15 %, $0.76/hr", *NOT_REBUILT, "of a machine of 2018"),
    (BITCOIN, "convolution, pooling, ReLU, dropout, softmax", HOW, "2", "seven_steps.png"),
    (BITCOIN, "vanishing gradient", HOW, "4", "vanishing_gradient.png"),
    (BITCOIN, "the cell's gates", HOW, "6", "lstm_gates.png"),
    (BITCOIN, "RNN and LSTM cell classes", HOW, "4", "cell_losses.png"),
    (BITCOIN, "the network", CNN_LSTM, "3", "cnn_lstm.png", "its layers are lost"),
    (BITCOIN, "plot model loss", CNN_LSTM, "4", "model_loss.png"),
    (BITCOIN, "plot model accuracy", CNN_LSTM, "4", "model_accuracy.png"),
    (BITCOIN, "confusion matrix", CNN_LSTM, "5", "confusion_matrix.png"),
    (
        BITCOIN,
        ".755, .245, .469, .531",
        CNN_LSTM,
        "6",
        f"{CNN_LSTM}.json:label_counts.0.ups",
        "Apple's 98 test rows, not bitcoin's",
    ),
    (BITCOIN, "400 epochs", CNN_LSTM, "Parameters", "epochs"),
    (BITCOIN, "batch size 50", CNN_LSTM, "Parameters", "batch_size"),
    (BITCOIN, "WINDOW, FORECAST", CNN_LSTM, "Parameters", "window", "not printed; the parent's"),
    (BITCOIN, "first 90 % to train", CNN_LSTM, "1", f"{CNN_LSTM}.json:rows.published.train"),
    (
        BITCOIN,
        "Nadam .002; plateau .9, 30, 1e-6",
        CNN_LSTM,
        "3",
        f"{CNN_LSTM}.json:history.published",
    ),
    (BITCOIN, "pictures of 2017-08-23", CNN_LSTM, "Parameters", "end"),
    (BITCOIN, "images of 5x5x3 and 255x255x3", *NOT_REBUILT, "an example, of no data"),
]


def rebuilt_table() -> pd.DataFrame:
    """One row per figure or number of the demos, as a reader sees it.

    Returns:
        Columns: `demo`; `published`, the figure or number as the demo has it; `notebook` that
        rebuilds it, and its `section`; `file`: the figure in `figs/`, or the parameter or recorded
        value, "notebook.json:key.key"; `remark`: what differs, or why it is not rebuilt.
    """
    rows = [row if len(row) == len(COLUMNS) else (*row, "") for row in REBUILT]
    return pd.DataFrame(rows, columns=COLUMNS)
