"""Published results, each with its source."""

from dataclasses import dataclass

__all__ = ["CLAIMS", "Claim"]

HAHN = "J. Hahn, cryptocoin-tensorflow-demo, January 2018"
BITCOIN_DEMO = "a demo of a CNN-LSTM on bitcoin's price, August 2017"
HONCHAR = "A. Honchar, Deep-Trading, multivariate/multivariate.py, June 2017"
SHEEHAN = "D. Sheehan, Predicting cryptocurrency prices with deep learning, November 2017"
MCNALLY = "McNally, Roche and Caton, 2018, 10.1109/PDP2018.2018.00060"
JAQUART_2021 = "Jaquart, Dann and Weinhardt, 2021, 10.1016/j.jfds.2021.03.001"
JAQUART_2022 = "Jaquart, Koepke and Weinhardt, 2022, 10.1016/j.jfds.2022.12.001"
ALESSANDRETTI = "Alessandretti et al., 2018, 10.1155/2018/8983590"
SEBASTIAO = "Sebastiao and Godinho, 2021, 10.1186/s40854-020-00217-x"
CHEN = "Chen, Li and Sun, 2020, 10.1016/j.cam.2019.112395"
OMOLE = "Omole and Enke, 2024, 10.1186/s40854-024-00643-1"
PUOTI = "Puoti, Pittorino and Roveri, 2025, arXiv 2502.09079"
QLIB = "the benchmarks of microsoft/qlib"


@dataclass(frozen=True)
class Claim:
    """A published result.

    Attributes:
        says: the claim in words.
        source: who, when and where.
        value: the number, errors and shares as fractions; None for a claim without a number.
        high: upper end of a published range, of which `value` is the lower.
        n: number of test rows; None where it is not published.
        runs: number of models averaged.
        remark: what to know before comparing.
    """

    says: str
    source: str
    value: float | None = None
    high: float | None = None
    n: int | None = None
    runs: int = 1
    remark: str = ""


CLAIMS = {
    "hahn_lstm_mae": Claim(
        "an LSTM's test MAE of ethereum's next-day change, rounded to 5 %",
        HAHN,
        0.0531,
        n=59,
        remark=(
            "the author: the predictions \"do not recover ethereum's actual next-day price "
            'variation with enough accuracy to want to invest"'
        ),
    ),
    "hahn_linear_regression_mae": Claim(
        "a linear regression's, twice the LSTM's",
        HAHN,
        0.12199629622669292,
        n=59,
        remark='"only somewhat useful across the first month", then "veering away from reality"',
    ),
    "hahn_fit": Claim(
        'train and test MAE are both 5 %, so "there appears to be no sign of under/over fitting"',
        HAHN,
        0.05,
        n=59,
        remark="its validation rows are drawn from its test rows",
    ),
    "hahn_bitcoin": Claim(
        "bitcoin drives ethereum",
        HAHN,
        remark='an assumption that the author calls "at best partly true"',
    ),
    "bitcoin_demo_direction": Claim(
        "a CNN-LSTM calls bitcoin up or down",
        BITCOIN_DEMO,
        remark="no accuracy is reported; the matrix below the code is of Apple's shares",
    ),
    "honchar_apple_accuracy": Claim(
        "a network of convolutions calls Apple's share up or down",
        HONCHAR,
        63 / 98,
        n=98,
        remark="two days ahead; the epoch was chosen on the test rows",
    ),
    "sheehan_bitcoin_lstm_mae": Claim(
        "an LSTM's test MAE of bitcoin's next close, in windows of ten days", SHEEHAN, 0.04, runs=25
    ),
    "sheehan_ethereum_lstm_mae": Claim(
        "an LSTM's test MAE of ethereum's next close, in windows of ten days",
        SHEEHAN,
        0.05,
        runs=25,
    ),
    "sheehan_bitcoin_random_walk_mae": Claim(
        "the random walk beside it",
        SHEEHAN,
        0.13,
        runs=25,
        remark="one-day noise scored on ten-day changes",
    ),
    "sheehan_ethereum_random_walk_mae": Claim(
        "the random walk beside it",
        SHEEHAN,
        0.16,
        runs=25,
        remark="one-day noise scored on ten-day changes",
    ),
    "mcnally_accuracy": Claim("networks call bitcoin up or down", MCNALLY, 0.52, remark="abstract"),
    "mcnally_rmse": Claim("the same networks' RMSE", MCNALLY, 0.08, remark="abstract"),
    "mcnally_gpu": Claim("a GPU trains faster by", MCNALLY, 0.677, remark="abstract"),
    "jaquart_daily_accuracy": Claim(
        "up or down of 100 coins, a day ahead",
        JAQUART_2022,
        0.529,
        high=0.541,
        remark="the highest result that we find credible",
    ),
    "jaquart_minutes": Claim(
        "bitcoin 1 to 60 minutes ahead: better than chance, a loss after costs",
        JAQUART_2021,
        remark="costs decide",
    ),
    "alessandretti_returns": Claim(
        "simple strategies on 1,681 coins beat the benchmark",
        ALESSANDRETTI,
        remark="a rising market, and coins that survived",
    ),
    "sebastiao_returns": Claim(
        "18 models, 5 of them below 50 %; ensembles earn after costs of 0.5 %",
        SEBASTIAO,
        remark="the test period is a falling market",
    ),
    "chen_logistic_accuracy": Claim(
        "logistic regression calls bitcoin's day up or down",
        CHEN,
        0.66,
        remark="the linear model beats the deep ones",
    ),
    "chen_best_learner_accuracy": Claim("the best of the other learners does", CHEN, 0.653),
    "omole_accuracy": Claim(
        "a CNN-LSTM calls bitcoin up or down",
        OMOLE,
        0.8244,
        remark="issue 2 of its code reports leakage",
    ),
    "puoti_naive": Claim(
        "on five coins the naive forecast beats machine learning and deep learning",
        PUOTI,
        remark="closest to what we find",
    ),
    "qlib_lstm_ic": Claim("an LSTM's information coefficient on stocks", QLIB, 0.0318, runs=20),
    "qlib_linear_ic": Claim("a linear model's", QLIB, 0.0397, runs=20),
}
