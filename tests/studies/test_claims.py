"""Published numbers agree wherever the repository tells them."""

import re

import numpy as np
import pytest

from coincast.paths import NOTEBOOKS, ROOT
from coincast.studies.claims import CLAIMS
from coincast.studies.published_faults import PUBLISHED_MATRIX


@pytest.mark.parametrize("name", CLAIMS)
def test_claim_can_be_looked_up(name):
    claim = CLAIMS[name]
    assert re.search(r"20[012]\d|github|qlib", claim.source)
    assert claim.says
    assert claim.n is None or claim.n > 0


@pytest.mark.parametrize("name", [name for name, c in CLAIMS.items() if c.value is not None])
def test_claim_is_a_fraction(name):
    claim = CLAIMS[name]
    assert 0 < claim.value < (claim.high or 1) <= 1


def test_accuracy_of_the_bitcoin_demo_is_that_of_its_matrix():
    claim, counts = CLAIMS["bitcoin_demo_accuracy"], np.array(PUBLISHED_MATRIX)
    assert (claim.value, claim.n) == (np.trace(counts) / counts.sum(), counts.sum())


@pytest.mark.parametrize("path", ["02_ethereum_lstm.ipynb"])
def test_notebook_quotes_the_claims_as_they_are(path):
    text = (NOTEBOOKS / path).read_text()
    for name in ("hahn_lstm_mae", "hahn_linear_regression_mae"):
        assert str(CLAIMS[name].value) in text


def test_readme_quotes_the_claims_as_they_are():
    text = (ROOT / "README.md").read_text()
    assert f"MAE of {CLAIMS['hahn_lstm_mae'].value} for its LSTM" in text.replace("\n", " ")
    assert f"linear regression's {CLAIMS['hahn_linear_regression_mae'].value:.3f}" in text
