"""Published numbers agree wherever the repository quotes them."""

import numpy as np
import pytest
from claim_records import claim_paths

from coincast.paths import FIGS, NOTEBOOKS, ROOT
from coincast.records import results
from coincast.studies.bitcoin_direction.borrowed_matrix import MATRIX
from coincast.studies.claims import CLAIMS
from coincast.studies.claims.evidence import look_up


def test_accuracy_in_the_bitcoin_demo_is_claimed_for_apple_alone():
    claim, counts = CLAIMS["honchar_apple_accuracy"], np.array(MATRIX)
    assert CLAIMS["bitcoin_demo_direction"].value is None
    assert claim.value == np.trace(counts) / counts.sum()


def test_readme_and_notebook_quote_the_ethereum_demo():
    lstm, regression = CLAIMS["hahn_lstm_mae"].value, CLAIMS["hahn_linear_regression_mae"].value
    notebook = (NOTEBOOKS / "02_ethereum_lstm.ipynb").read_text()
    readme = (ROOT / "README.md").read_text()
    assert str(lstm) in notebook
    assert str(regression) in notebook
    assert str(lstm) in readme
    assert f"{regression:.3f}" in readme


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.quote])
def test_quotation_is_short_and_its_source_is_a_text_not_an_abstract(name):
    claim = CLAIMS[name]
    assert len(claim.quote.split()) <= 12
    assert "10." not in claim.source


@pytest.mark.parametrize("path", claim_paths())
def test_evidence_is_recorded_in_figs(path):
    """Fails until the notebook has recorded it: run `scripts/reproduce.py`."""
    notebook = path.partition(":")[0]
    content = results.load(FIGS).get(notebook, {"values": {}})
    assert look_up({notebook: content["values"]}, path)
