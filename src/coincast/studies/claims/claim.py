"""A published claim, and where our evidence on it is recorded."""

from dataclasses import dataclass

__all__ = ["Claim", "Evidence"]


@dataclass(frozen=True)
class Evidence:
    """Where our numbers on a claim are recorded; a path is "notebook:key.key".

    Attributes:
        same: a row of `scoring.mae_table` or `accuracy_table`: our model, the published protocol.
        honest: the same of a model that chose nothing on test rows; "" if there is none.
        constants: forecasts that need no model, all of which skill must beat.
        number: the column with the published quantity.
        opponent: where the claim is that one forecast beats another: the other. `same` is then a
            row that has the skill against it.
        test_rows: a table of `borrowed_matrix.label_counts`, where it is doubtful whose rows a
            published matrix counts.
    """

    same: str = ""
    honest: str = ""
    constants: tuple[str, ...] = ("no_change", "train_mean")
    number: str = "mae"
    opponent: str = ""
    test_rows: str = ""


@dataclass(frozen=True)
class Claim:
    """A published result.

    Attributes:
        says: the claim in words.
        source: who, when and where.
        value: the number, errors and shares as fractions; None for a claim without a number.
        high: upper end of a published range, of which `value` is the lower.
        runs: number of models averaged.
        rounding: half a unit of the last published digit.
        quote: the author's words; "" where `says` puts an abstract into ours.
        protocol: data, target and test rows as published.
        evidence: where our numbers are recorded; None where we have none.
        beside: path to a row of ours on other data, which decides nothing; "" for none.
        remark: what to know before comparing.
    """

    says: str
    source: str
    value: float | None = None
    high: float | None = None
    runs: int = 1
    rounding: float = 0.0
    quote: str = ""
    protocol: str = ""
    evidence: Evidence | None = None
    beside: str = ""
    remark: str = ""
