"""Recorded values, small and made up, that every claim finds its evidence in."""

from coincast.studies.claims import CLAIMS
from coincast.studies.claims.claim import Evidence

ENDS = ("", "_low", "_high", "_p", "_smallest")


def claim_paths():
    """Return every path that a claim refers to."""
    found = set()
    for claim in CLAIMS.values():
        own = claim.evidence or Evidence()
        found |= {own.same, own.honest, own.test_rows, claim.beside}
    return sorted(found - {""})


def make_row(mae=0.06, skills=None, **further):
    """Return a row of `scoring.mae_table`; skills: baseline -> skill, low, high, p, smallest."""
    row = {"mae": mae, "n": 59, "standard_error": 0.008, "low": 0.05, "high": 0.07}
    for name, values in (skills or {}).items():
        row |= {f"skill_{name}{end}": value for end, value in zip(ENDS, values, strict=True)}
    return row | further


def make_accuracy_row(accuracy=0.6, difference=0.02, p_value=0.4):
    """Return a row of `scoring.accuracy_table`, its interval .05 on each side."""
    ends = {"difference_low": difference - 0.05, "difference_high": difference + 0.05}
    row = {"accuracy": accuracy, "n": 97, "standard_error": 0.05, "difference": difference}
    return row | ends | {"p_value": p_value, "smallest_difference": 0.1}


def make_records():
    """Return notebook -> values in which every path of every claim leads to a row."""
    records = {}
    for claim in CLAIMS.values():
        evidence = claim.evidence
        if evidence:
            names = (*evidence.constants, evidence.opponent)
            mae_row = make_row(skills=dict.fromkeys(names, (-0.2, -0.3, -0.1, 0.01, 0.1)))
            row = make_accuracy_row() if evidence.number == "accuracy" else mae_row
            for path in (evidence.same, evidence.honest):
                _put(records, path, row)
            _put(records, evidence.test_rows, make_label_counts())
        beside = {"accuracy": 0.51, "n": 900, "mae": 0.02}
        _put(records, claim.beside, make_row(skills={"no_change": (0, -0.1, 0.1, 1, 1)}) | beside)
    return records


def make_label_counts(fewest=61, ups=49):
    """Return records of `borrowed_matrix.label_counts`."""
    apple = {"asset": "apple", "test_rows": 98, "ups": ups, "fewest_ups": None}
    return {
        "0": apple,
        "1": {"asset": "bitcoin", "test_rows": 97, "ups": 61, "fewest_ups": fewest},
    }


def _put(records, path, row):
    if path:
        notebook, _, keys = path.partition(":")
        *parents, last = keys.split(".")
        place = records.setdefault(notebook, {})
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = place.get(last, {}) | row
