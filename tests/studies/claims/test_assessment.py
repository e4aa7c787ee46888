"""The table of claims, its verdicts and what the README tells of it."""

import json

import numpy as np
import pandas as pd
import pytest
from claim_records import claim_paths, make_records

from coincast.paths import NOTEBOOKS
from coincast.records.parameters import notebook_parameters, notebooks_read
from coincast.records.plain_json import to_plain
from coincast.studies.claims import CLAIMS
from coincast.studies.claims.assessment import assess, claims_markdown, sentences
from coincast.studies.claims.verdicts import NOT_CHECKED, Finding, rule, verdict

NOTEBOOK = NOTEBOOKS / "07_claims.ipynb"


@pytest.fixture(scope="module")
def table():
    return assess(make_records())


def test_every_claim_has_a_row_and_only_tested_ones_a_number(table):
    assert list(table.index) == list(CLAIMS)
    tested = table["verdict"] != NOT_CHECKED
    assert tested.tolist() == [claim.evidence is not None for claim in CLAIMS.values()]
    for column in ("same", "n", "p_holm", "smallest", "skill_same_low", "plausible_high"):
        assert table[column].notna().equals(tested), column


def test_p_values_are_corrected_for_all_tested_claims(table):
    tested = table[table["p_value"].notna()]
    ordered = tested["p_value"].sort_values(kind="stable")
    steps = ordered * np.arange(len(ordered), 0, -1)
    expected = steps.cummax().clip(upper=1)  # Holm by hand
    pd.testing.assert_series_equal(tested["p_holm"], expected[tested.index], check_names=False)
    assert (tested["p_holm"] > tested["p_value"]).any()


def test_verdict_turns_with_the_evidence():
    records = make_records()
    row = records["05_many_seeds"]["ancestor"]["bitcoin"]["lstm"]
    assert assess(records)["verdict"]["sheehan_bitcoin_lstm_mae"] != "reproduced"
    row |= {"mae": 0.04, "skill_no_change": 0.5, "skill_no_change_low": 0.4}
    row |= {"skill_no_change_p": 1e-6}
    assert assess(records)["verdict"]["sheehan_bitcoin_lstm_mae"] == "reproduced"


def test_recorded_row_gives_its_verdict_again_by_the_rule(table):
    for _, row in table.iterrows():
        found = Finding(
            tested=pd.notna(row["same"]), of_others=row["of_others"], published=row["published"],
            low=row["plausible_low"], high=row["plausible_high"], claimed=row["skill_published"],
            smallest=row["smallest"], opponent_low=row["opponent_skill_low"],
            opponent_high=row["opponent_skill_high"], skill_low=row["skill_same_low"],
            p_holm=row["p_holm"],
        )  # fmt: skip
        assert (rule(found), verdict(found)) == (row["rule"], row["verdict"])
    assert table["rule"].nunique() > 3


def test_readme_table_is_short_and_shows_each_number_with_n_and_baseline(table):
    lines = claims_markdown(table).splitlines()[2:]
    assert len(lines) <= 18
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if NOT_CHECKED not in line:
            assert all(cells[place] for place in (3, 5, 6, 7, 8)), line
    assert "nan" not in claims_markdown(table)


def test_sentences_count_the_verdicts_and_explain_each(table):
    first, *others = sentences(table)
    tested = (table["verdict"] != NOT_CHECKED).sum()
    assert first.startswith(f"{len(table)} claims, {tested} of them tested.")
    assert len(others) == tested
    assert not any("nan" in one for one in (first, *others))


def test_table_can_be_recorded(table):
    plain = json.loads(json.dumps(to_plain(table), allow_nan=False))
    assert plain["hahn_gpu"]["same"] is None


def test_notebook_reads_what_its_claims_name():
    named = {path.partition(":")[0] for path in claim_paths()}
    read = notebooks_read(NOTEBOOK.read_text(), "07_claims")
    assert set(read) == named == set(notebook_parameters(NOTEBOOK)["reads"])
