import pandas as pd
import pytest
from claim_records import make_records

from coincast.figures.skill import claims_plots
from coincast.studies.claims.assessment import assess
from coincast.studies.claims.verdicts import NOT_CHECKED


@pytest.fixture(scope="module")
def table():
    return assess(make_records())


def test_claims_draws_every_tested_claim_with_its_verdict(table):
    (axes,) = claims_plots.claims(table).axes
    tested = table[table["verdict"] != NOT_CHECKED]
    (verdicts,) = axes.child_axes
    assert [tick.get_text() for tick in verdicts.get_yticklabels()] == tested["verdict"].tolist()
    labels = [tick.get_text().replace("\n", " ") for tick in axes.get_yticklabels()]
    for label, (_, row) in zip(labels, tested.iterrows(), strict=True):
        assert row["who"] in label
        assert f"n = {row['n']:.0f}" in label


def test_claims_puts_published_and_own_numbers_where_they_are(table):
    (axes,) = claims_plots.claims(table).axes
    tested = table[table["verdict"] != NOT_CHECKED]
    lines = {line.get_label(): line.get_xdata() for line in axes.lines}
    for column, label in (("skill_published", "published"), ("skill_same", "ours, same protocol")):
        pd.testing.assert_series_equal(
            pd.Series(lines[label], tested.index), tested[column], check_names=False
        )
    ends = [segment[:, 0] for segment in axes.collections[0].get_segments()]
    assert ends[0] == pytest.approx(tested.iloc[0][["skill_same_low", "skill_same_high"]].tolist())
