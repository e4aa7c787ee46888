"""Published results, each with its source."""

from coincast.studies.claims.claim import Claim, Evidence

__all__ = ["CLAIMS"]

HAHN = "J. Hahn, cryptocoin-tensorflow-demo, January 2018"
MCNALLY = "McNally, Roche and Caton, 2018, 10.1109/PDP2018.2018.00060"
CHEN = "Chen, Li and Sun, 2020, 10.1016/j.cam.2019.112395"
QLIB = "the benchmarks of microsoft/qlib"

ETHEREUM_DAYS = (
    "next-day change of ethereum, 260 train days, 59 test days from 2017-11-15, a fixed epoch"
)
WITH_OTHERS = "ethereum in a walk-forward of our own, 2017-07 to 2018-12, a mean over seeds"
DIRECTION = "06_walk_forward:skill.direction.{}.{}"
OTHER_DATA = "other coins, days and features than ours"


def _sheehan(coin: str, model: str, value: float) -> Claim:
    """A published MAE of the older notebook, the mean of 25 runs."""
    walk = model == "random_walk"
    what = "a random walk's MAE" if walk else "an LSTM's test MAE"
    forecast = "random_walk_published" if walk else model
    path = f"05_many_seeds:ancestor.{coin}.{forecast}"
    return Claim(
        f"{what} of {coin}'s next close, in windows of ten days",
        "D. Sheehan, Predicting cryptocurrency prices with deep learning, November 2017",
        value,
        runs=25,
        rounding=0.005,
        protocol=(
            "next close as a change over ten days, half a year of test days; the last of 50 epochs,"
            " so nothing is chosen on test rows and the protocol is honest as it is"
        ),
        evidence=Evidence(same=path, honest=path, constants=("no_change",)),
        remark="one-day noise scored on ten-day changes" if walk else "",
    )


CLAIMS = {
    "hahn_lstm_mae": Claim(
        "an LSTM's test MAE of ethereum's next-day change, rounded to 5 %",
        HAHN,
        0.0531,
        rounding=0.00005,
        quote="predictions on the test dataset also have MAE = 5%",
        protocol=ETHEREUM_DAYS,
        evidence=Evidence(
            same="05_many_seeds:seeds.lstm", honest="05_many_seeds:seeds.lstm_honest_refitted"
        ),
        remark=(
            "the author: the predictions \"do not recover ethereum's actual next-day price "
            'variation with enough accuracy to want to invest"'
        ),
    ),
    "hahn_linear_regression_mae": Claim(
        "linear regression's test MAE, twice the LSTM's",
        HAHN,
        0.12199629622669292,
        quote="The LR model's MAE was also twice that of the LSTM model",
        protocol=ETHEREUM_DAYS,
        evidence=Evidence(
            same="02_ethereum_lstm:evaluation.linear_regression",
            honest="02_ethereum_lstm:evaluation.linear_regression_without_levels",
        ),
        remark=(
            "nothing in it is random: on CoinMarketCap's prices a faithful pipeline gives the "
            "published digits, on the bundled ones it cannot; honest: without levels"
        ),
    ),
    "hahn_lstm_beats_regression": Claim(
        "the LSTM is more accurate than linear regression",
        HAHN,
        quote="LSTM was two times more accurate",
        protocol=ETHEREUM_DAYS,
        evidence=Evidence(
            same="05_many_seeds:seeds.lstm",
            honest="05_many_seeds:seeds.lstm_without_levels",
            opponent="linear_regression",
        ),
        remark="both are fed levels that leave the train range; honest: the LSTM without levels",
    ),
    "hahn_regression_first_month": Claim(
        "the regression is of use in the first month of the test",
        HAHN,
        quote="only somewhat useful across the first month of testing data",
        protocol=f"{ETHEREUM_DAYS}; the days of November alone",
        evidence=Evidence(
            same="02_ethereum_lstm:by_month.2017-11.linear_regression",
            opponent="no_change",
        ),
        remark='the author: at later times it is "veering away from reality"',
    ),
    "hahn_fit": Claim(
        'train and test MAE are both 5 %, so "there appears to be no sign of under/over fitting"',
        HAHN,
        0.05,
        rounding=0.005,
        quote="there appears to be no sign of under/over fitting",
        protocol=f"{ETHEREUM_DAYS}; what holds on the train rows must beat their mean on the test",
        evidence=Evidence(
            same="05_many_seeds:seeds.lstm",
            honest="05_many_seeds:seeds.lstm_honest_refitted",
            opponent="train_mean",
        ),
        remark="its validation rows are drawn from its test rows",
    ),
    "hahn_bitcoin": Claim(
        "bitcoin drives ethereum: with it the LSTM is better than without",
        HAHN,
        quote="implicitly assumes that Bitcoin movements are driving the Ethereum valuations",
        protocol=f"{ETHEREUM_DAYS}; with and without bitcoin's features",
        evidence=Evidence(
            same="05_many_seeds:seeds.lstm",
            honest="05_many_seeds:seeds.lstm_without_levels",
            opponent="lstm_without_driver",
        ),
        remark='the author: "at best partly true"; honest: the LSTM without levels',
    ),
    "hahn_bitcoin_through_time": Claim(
        "the same through time: ethereum's change, with bitcoin's prices and without",
        HAHN,
        quote="implicitly assumes that Bitcoin movements are driving the Ethereum valuations",
        protocol=WITH_OTHERS,
        evidence=Evidence(
            same="09_other_data:claims.coins", constants=("no_change",), opponent="prices_alone"
        ),
        remark='the author: "at best partly true"',
    ),
    "hahn_next_step": Claim(
        "his next step: other market data and attention make the LSTM better",
        HAHN,
        quote="broaden the dataset used here to include other market data (easy)",
        protocol=f"{WITH_OTHERS}; other coins, markets, searches and posts together",
        evidence=Evidence(
            same="09_other_data:claims.all", constants=("no_change",), opponent="prices_alone"
        ),
        remark="a wish of the author's, not a result; no dated headlines could be bundled",
    ),
    "hahn_gpu": Claim(
        "a GPU is no faster than a CPU for this network",
        HAHN,
        quote="run times were similar when executing on GPU and CPU",
        remark="the recorded times are of processors; 08_speed says how to measure on a GPU",
    ),
    "bitcoin_demo_direction": Claim(
        "a CNN-LSTM calls bitcoin up or down",
        "unsigned, Predicting rise or fall in bitcoin's value using CNN and LSTM, August 2017",
        quote="Predicting rise or fall in bitcoin",
        protocol="two days ahead, 400 epochs; the one kept has the least loss on the test rows",
        evidence=Evidence(
            same="03_bitcoin_cnn_lstm:evaluation.published.cnn_lstm_kept",
            honest="03_bitcoin_cnn_lstm:evaluation.honest.cnn_lstm_honest",
            constants=("majority_class",),
            number="accuracy",
            test_rows="03_bitcoin_cnn_lstm:label_counts",
        ),
        remark="no accuracy is reported; the matrix below the code is of Apple's shares",
    ),
    "honchar_apple_accuracy": Claim(
        "a network of convolutions calls Apple's share up or down",
        "A. Honchar, Deep-Trading, multivariate/multivariate.py, June 2017",
        63 / 98,
        protocol="98 test rows of two-day labels; kept: the epoch of least loss on the test rows",
        beside="05_many_seeds:apple_accuracy.CNN",
        remark="ours has only the closes of its five columns; a constant has 49 of 98 right",
    ),
    "sheehan_bitcoin_lstm_mae": _sheehan("bitcoin", "lstm", 0.04),
    "sheehan_ethereum_lstm_mae": _sheehan("ethereum", "lstm", 0.05),
    "sheehan_bitcoin_random_walk_mae": _sheehan("bitcoin", "random_walk", 0.13),
    "sheehan_ethereum_random_walk_mae": _sheehan("ethereum", "random_walk", 0.16),
    "mcnally_accuracy": Claim(
        "networks call bitcoin up or down",
        MCNALLY,
        0.52,
        beside=DIRECTION.format("bitcoin", "lstm"),
        remark=f"abstract; {OTHER_DATA}",
    ),
    "mcnally_rmse": Claim("the same networks' RMSE", MCNALLY, 0.08, remark="abstract"),
    "mcnally_gpu": Claim("a GPU trains faster by", MCNALLY, 0.677, remark="abstract"),
    "jaquart_daily_accuracy": Claim(
        "up or down of 100 coins, a day ahead",
        "Jaquart, Koepke and Weinhardt, 2022, 10.1016/j.jfds.2022.12.001",
        0.529,
        high=0.541,
        beside=DIRECTION.format("bitcoin", "lstm"),
        remark=f"the highest result that we find credible; {OTHER_DATA}",
    ),
    "jaquart_minutes": Claim(
        "bitcoin 1 to 60 minutes ahead: better than chance, a loss after costs",
        "Jaquart, Dann and Weinhardt, 2021, 10.1016/j.jfds.2021.03.001",
        remark="costs decide",
    ),
    "alessandretti_returns": Claim(
        "simple strategies on 1,681 coins beat the benchmark",
        "Alessandretti et al., 2018, 10.1155/2018/8983590",
        remark="a rising market, and coins that survived",
    ),
    "sebastiao_returns": Claim(
        "18 models, 5 of them below 50 %; ensembles earn after costs of 0.5 %",
        "Sebastiao and Godinho, 2021, 10.1186/s40854-020-00217-x",
        remark="the test period is a falling market",
    ),
    "chen_logistic_accuracy": Claim(
        "logistic regression calls bitcoin's day up or down",
        CHEN,
        0.66,
        beside=DIRECTION.format("bitcoin", "logistic"),
        remark=f"the linear model beats the deep ones; {OTHER_DATA}",
    ),
    "chen_best_learner_accuracy": Claim("the best of the other learners does", CHEN, 0.653),
    "omole_accuracy": Claim(
        "a CNN-LSTM calls bitcoin up or down",
        "Omole and Enke, 2024, 10.1186/s40854-024-00643-1",
        0.8244,
        beside=DIRECTION.format("bitcoin", "cnn_lstm"),
        remark=f"issue 2 of its code reports leakage; {OTHER_DATA}",
    ),
    "puoti_naive": Claim(
        "on five coins the naive forecast beats machine learning and deep learning",
        "Puoti, Pittorino and Roveri, 2025, arXiv 2502.09079",
        beside="06_walk_forward:skill.change.bitcoin.lstm",
        remark=f"closest to what we find; {OTHER_DATA}",
    ),
    "qlib_lstm_ic": Claim("an LSTM's information coefficient on stocks", QLIB, 0.0318, runs=20),
    "qlib_linear_ic": Claim("a linear model's", QLIB, 0.0397, runs=20),
}
