"""Published numbers agree wherever the repository quotes them."""

import re

import numpy as np
import pytest

from coincast.paths import FIGS, NOTEBOOKS, ROOT
from coincast.records import results
from coincast.studies.bitcoin_direction.borrowed_matrix import MATRIX
from coincast.studies.claims import CLAIMS
from coincast.studies.claims.evidence import look_up, paths


@pytest.mark.parametrize("name", CLAIMS)
def test_claim_has_a_source_and_a_plausible_number(name):
    claim = CLAIMS[name]
    assert re.search(r"20[012]\d|qlib", claim.source)
    assert claim.says
    assert claim.n is None or claim.n > 0
    assert claim.value is None or 0 < claim.value < (claim.high or 1) <= 1


def test_accuracy_in_the_bitcoin_demo_is_claimed_for_apple_alone():
    claim, counts = CLAIMS["honchar_apple_accuracy"], np.array(MATRIX)
    assert CLAIMS["bitcoin_demo_direction"].value is None
    assert (claim.value, claim.n) == (np.trace(counts) / counts.sum(), counts.sum())


def test_readme_and_notebook_quote_the_ethereum_demo():
    lstm, regression = CLAIMS["hahn_lstm_mae"].value, CLAIMS["hahn_linear_regression_mae"].value
    notebook = (NOTEBOOKS / "02_ethereum_lstm.ipynb").read_text()
    readme = (ROOT / "README.md").read_text()
    assert str(lstm) in notebook
    assert str(regression) in notebook
    assert str(lstm) in readme
    assert f"{regression:.3f}" in readme


def test_notebook_names_the_author_of_the_ethereum_demo_and_quotes_his_doubts():
    told = (NOTEBOOKS / "02_ethereum_lstm.ipynb").read_text()
    for words in ("Joe Hahn", "enough accuracy to want to invest", "best partly true"):
        assert words in told


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.quote])
def test_quotation_is_short_and_its_source_is_a_text_not_an_abstract(name):
    claim = CLAIMS[name]
    assert len(claim.quote.split()) <= 12
    assert "10." not in claim.source


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.evidence])
def test_claim_with_evidence_says_by_which_protocol(name):
    assert CLAIMS[name].protocol


def every_path():
    return sorted({path for claim in CLAIMS.values() for path in paths(claim)})


@pytest.mark.parametrize("path", every_path())
def test_evidence_is_recorded_in_figs(path):
    """Fails until the notebook has recorded it: run `scripts/reproduce.py`."""
    notebook = path.partition(":")[0]
    content = results.load(FIGS).get(notebook, {"values": {}})
    assert look_up({notebook: content["values"]}, path)
