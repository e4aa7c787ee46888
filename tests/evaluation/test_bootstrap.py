import numpy as np
import pandas as pd
import pytest

from coincast.evaluation import bootstrap


def autoregressive(n, share, seed):
    """Return a series with mean zero whose neighbours correlate by `share`."""
    noise = np.random.default_rng(seed).normal(size=n)
    return pd.Series(noise).ewm(alpha=1 - share, adjust=False).mean().to_numpy()


def test_bootstrap_means_know_that_neighbouring_days_are_alike():
    errors = pd.DataFrame({"calm": autoregressive(600, 0.8, 1)})
    independent = errors["calm"].std() / np.sqrt(600)
    found = bootstrap.bootstrap_means(errors).std()
    assert found == pytest.approx(3 * independent, rel=0.35)  # sqrt((1 + .8) / (1 - .8)) = 3


def test_bootstrap_means_are_paired():
    errors = pd.DataFrame({"a": autoregressive(200, 0.3, 2)}).assign(b=lambda t: t["a"] - 1)
    draws = bootstrap.bootstrap_means(errors, least_block=2)
    np.testing.assert_allclose(draws[:, 0] - draws[:, 1], 1)


def test_bootstrap_means_take_a_constant():
    assert set(bootstrap.bootstrap_means(pd.DataFrame({"same": [2.0] * 20})).ravel()) == {2.0}


@pytest.mark.parametrize("block", [1, 5, 97, 200])
def test_permute_blocks_keeps_every_value_and_most_neighbours(block):
    values = np.arange(97.0)
    drawn = bootstrap.permute_blocks(values, block, draws=50, seed=3)
    assert drawn.shape == (50, 97)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(values, (50, 1)))
    together = (np.diff(drawn, axis=1) == 1).mean()
    assert together == pytest.approx(1 - 1 / min(block, 97), abs=0.04)
