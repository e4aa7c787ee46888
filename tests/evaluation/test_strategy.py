import numpy as np
import pandas as pd
import pytest

from coincast.errors import InputError
from coincast.evaluation import strategy


def make_market(n=400, seed=0):
    """Return opens and forecasts that know the return of the day they are traded on."""
    days = pd.date_range("2018-01-01", periods=n)
    opens = pd.Series(100 * np.exp(np.random.default_rng(seed).normal(0, 0.03, n).cumsum()), days)
    return opens, (opens.shift(-3) / opens.shift(-2) - 1).dropna()


def noise_positions(days, seed, *, short=False):
    forecasts = pd.Series(np.random.default_rng(seed).normal(size=len(days)), days)
    return strategy.positions(forecasts.rolling(4, min_periods=1).mean(), short=short)


def test_trade_by_hand():
    days = pd.date_range("2018-01-01", periods=6)
    opens = pd.Series([1.0, 1.0, 10.0, 11.0, 22.0, 11.0], days)
    run = strategy.trade(pd.Series([1.0, -1.0, 0.5], days[:3]), opens, cost_bps=100)
    assert run.index.tolist() == days[2:5].tolist()
    assert run["gross"].tolist() == pytest.approx([0.1, -1.0, -0.25])
    assert run["turnover"].tolist() == [1.0, 2.0, 1.5]
    assert run["net"].tolist() == pytest.approx([0.09, -1.02, -0.265])


def test_fill_is_never_the_price_of_the_signal():
    """Where the open is the last close, a forecast of the last return must not be filled at it."""
    opens, _ = make_market()
    closes = opens.shift(-1).dropna()
    assert strategy.next_opens(closes.to_frame("close")).dropna().equals(opens.iloc[1:-1])
    day = opens.index[10]
    run = strategy.trade(pd.Series(1.0, [day]), opens)
    held = opens[day + pd.Timedelta(days=3)] / opens[day + pd.Timedelta(days=2)] - 1
    assert run["gross"].tolist() == [held]
    jump = opens.where(opens.index <= day + pd.Timedelta(days=1), 7 * opens)
    assert strategy.trade(pd.Series(1.0, [day]), jump)["gross"].tolist() == pytest.approx([held])


def test_perfect_foresight_beats_everything_and_its_opposite_loses():
    opens, known = make_market()
    table = strategy.strategy_table(
        {
            "right": strategy.positions(known, short=True),
            "wrong": strategy.positions(-known, short=True),
        },
        opens,
        costs_bps=[0],
        random_strategies=200,
    ).set_index("strategy")
    assert table.loc["right", "random_share"] == pytest.approx(1 / 201)
    assert table.loc["wrong", "random_share"] == 1
    assert table.loc["right", "sharpe"] == pytest.approx(-table.loc["wrong", "sharpe"])
    assert table.loc["right", "low"] > 10
    assert table.loc["right", "max_drawdown"] == 0


def test_always_long_is_buy_and_hold_and_no_better_than_chance():
    opens, known = make_market()
    table = strategy.strategy_table({"long": known * 0 + 1}, opens, random_strategies=20)
    hold, long = (
        part.drop(columns="strategy").reset_index(drop=True)
        for _, part in table.groupby("strategy")
    )
    pd.testing.assert_frame_equal(hold, long)
    first = long.iloc[0]
    growth = opens.iloc[-1] / opens.iloc[2]
    assert (1 + first["annual_return"]) ** (len(known) / 365) == pytest.approx(growth)
    assert first["annual_return"] == pytest.approx(first["constant_return"])
    assert (first["random_share"], first["timing"]) == (1, pytest.approx(0, abs=1e-9))
    wealth = opens.iloc[2:]
    assert first["max_drawdown"] == pytest.approx((wealth / wealth.cummax()).min() - 1)


@pytest.mark.parametrize("short", [False, True])
def test_costs_only_take_and_break_even_is_where_they_take_all(short):
    opens, known = make_market()
    decided = {"noise": noise_positions(known.index, 1, short=short)}
    table = strategy.strategy_table(decided, opens, random_strategies=20).set_index("strategy")
    row = table.loc["noise"]
    assert (row[["annual_return", "sharpe", "timing", "low"]].diff().iloc[1:] < 0).all(axis=None)
    assert row["turnover"].nunique() == row["random_share"].nunique() == 1
    first = row.iloc[0]
    run = strategy.trade(decided["noise"], opens, first["break_even_bps"])
    assert run["net"].mean() == pytest.approx(0, abs=1e-12)
    timing = strategy.trade(decided["noise"], opens, first["timing_break_even_bps"])
    constant = first["exposure"] * timing["market"].mean()
    assert timing["net"].mean() == pytest.approx(constant, abs=1e-12)


def test_sharpe_is_the_plain_formula_with_its_interval_around_it():
    opens, known = make_market()
    decided = noise_positions(known.index, 2)
    row = strategy.strategy_table({"noise": decided}, opens, costs_bps=[10]).iloc[1]
    net = strategy.trade(decided, opens, 10)["net"].to_numpy()
    mean = sum(net) / len(net)
    spread = (sum((net - mean) ** 2) / (len(net) - 1)) ** 0.5
    assert row["sharpe"] == pytest.approx(365**0.5 * mean / spread)
    assert row["low"] < row["sharpe"] < row["high"]


def test_sharpe_interval_covers_the_true_ratio_as_often_as_it_says():
    hits = 0
    for seed in range(25):
        net = np.random.default_rng(seed).normal(0.002, 0.03, 150)
        days = pd.date_range("2018-01-01", periods=151)
        opens = pd.Series(np.r_[1, (1 + net).cumprod()], days)
        decided = pd.Series(1.0, days[:-1] - pd.Timedelta(days=2))
        row = strategy.strategy_table({"long": decided}, opens, costs_bps=[0], random_strategies=1)
        hits += row["low"].iloc[0] <= 365**0.5 * 0.002 / 0.03 <= row["high"].iloc[0]
    assert 20 <= hits <= 25  # 95 % of 25 is 24; below 20 has a chance of 1 in 800


def test_random_strategies_keep_trades_and_exposure():
    position = noise_positions(pd.RangeIndex(200), 3, short=True).to_numpy()
    drawn = strategy.random_positions(position, draws=50, seed=1)
    assert (drawn.mean(axis=1) == position.mean()).all()
    trades = np.abs(np.diff(drawn)).sum(axis=1)
    assert (trades == np.abs(np.diff(position)).sum()).all()
    assert len(np.unique(drawn, axis=0)) > 40


def test_random_share_of_a_strategy_without_skill_is_uniform():
    shares = []
    for seed in range(80):
        opens, known = make_market(150, seed)
        run = strategy.trade(noise_positions(known.index, seed + 1000), opens)
        shares.append(strategy.random_share(run, 99, seed))
    assert np.mean(np.array(shares) <= 0.2) == pytest.approx(0.2, abs=0.13)  # three deviations
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


def test_deflated_sharpe_is_the_example_of_bailey_and_lopez_de_prado():
    """Their 2014 paper: 100 trials of variance 1/2 a year, 5 years of 250 days, Sharpe 2.5."""
    benchmark = strategy.expected_best_sharpe(100, 1 / 2 / 250)
    assert benchmark == pytest.approx(0.1132, abs=5e-5)
    shape = {"skewness": -3, "kurtosis": 10}
    found = strategy.deflated_probability(2.5 / 250**0.5, 1250, **shape, benchmark=benchmark)
    assert found == pytest.approx(0.9004, abs=5e-5)


def test_more_trials_deflate_more():
    opens, known = make_market()
    decided = {str(seed): noise_positions(known.index, seed) for seed in range(3)}
    few, many = (
        strategy.strategy_table(decided, opens, costs_bps=[0], trials=trials, random_strategies=1)
        for trials in (None, 50)
    )
    assert (many["deflated"] < few["deflated"]).all()


def test_forecasts_that_nobody_could_trade_are_refused():
    opens, _ = make_market(5)
    with pytest.raises(InputError, match="3 days"):
        strategy.trade(pd.Series(1.0, opens.index[-2:]), opens)
