"""What the notebooks have recorded on a claim, as one finding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coincast.errors import InputError
from coincast.studies.bitcoin_direction.borrowed_matrix import ROWS, UPS
from coincast.studies.claims.claim import Claim
from coincast.studies.claims.verdicts import NAN, Finding, plausible_range

__all__ = ["Records", "Skill", "counts_others", "finding", "look_up", "skill_against"]

Records = Mapping[str, Mapping[str, Any]]  # notebook -> the values that it has recorded
Row = Mapping[str, Any]
SPREADS = ("seed_sd", "run_sd")  # columns with the standard deviation between runs


@dataclass(frozen=True)
class Skill:
    """How much better a forecast is than another: 1 - MAE / MAE of it, or accuracy less its own.

    Attributes:
        baseline: name of the other.
        level: its error or accuracy.
        skill: more is better.
        low: lower end of a paired 95 % interval.
        high: upper end.
        p_value: that both are equally good.
        smallest: the smallest skill that the days would probably have shown.
    """

    baseline: str
    level: float
    skill: float
    low: float
    high: float
    p_value: float
    smallest: float


def look_up(records: Records, path: str) -> Any:  # noqa: ANN401 - JSON is any of six types
    """What a notebook has recorded at a path, "notebook:key.key".

    Raises:
        InputError: nothing, with the first key that is missing.

    >>> look_up({"02_study": {"scores": {"mae": 0.05}}}, "02_study:scores.mae")
    0.05
    """
    notebook, _, keys = path.partition(":")
    found: Any = records
    for key in (notebook, *keys.split(".")):
        if not isinstance(found, Mapping) or key not in found:
            raise InputError(
                f"{path!r} is not recorded: {key!r} is missing; correct the path in "
                f"studies/claims/published.py or run {notebook} again"
            )
        found = found[key]
    return found


def skill_against(row: Row, names: Iterable[str], number: str = "mae") -> Skill:
    """Skill of a recorded row against the hardest of some forecasts to beat.

    To beat them all is to beat each, so the p-value is the largest and needs no correction.

    Args:
        row: of `scoring.mae_table`, or of `accuracy_table`, which knows one alone.
        names: of the forecasts.
        number: the column of the row with its error or accuracy.
    """
    if number == "accuracy":
        found = ("difference", "difference_low", "difference_high", "p_value")
        skill, low, high, p_value = (row[name] for name in found)
        smallest = _or_nan(row["smallest_difference"])
        level = row["accuracy"] - skill
        return Skill(next(iter(names)), level, skill, low, high, _or_nan(p_value), smallest)
    all_of_them = [_skill(row, name) for name in names]
    hardest = min(all_of_them, key=lambda one: one.skill)
    largest = max(one.p_value for one in all_of_them)
    return Skill(**(vars(hardest) | {"p_value": largest}))


def _skill(row: Row, name: str) -> Skill:
    skill = row[f"skill_{name}"]
    ends = (_or_nan(row[f"skill_{name}_{end}"]) for end in ("low", "high", "p", "smallest"))
    return Skill(name, row["mae"] / (1 - skill), skill, *ends)


def _or_nan(value: float | None) -> float:
    return NAN if value is None else value


def spread(row: Row) -> float:
    """Standard deviation between the runs behind a row; 0 for one of a single run."""
    return next((float(row[name]) for name in SPREADS if name in row), 0.0)


def counts_others(table: Mapping[str, Row], author: str = "bitcoin") -> bool:
    """Whether a matrix counts another asset's test rows and cannot count the author's.

    Args:
        table: records of `borrowed_matrix.label_counts`.
        author: the asset that the author forecasts.
    """
    rows = list(table.values())
    assets = {row["asset"] for row in rows if (row["test_rows"], row["ups"]) == (ROWS, UPS)}
    fewest = [row["fewest_ups"] for row in rows if row["asset"] == author]
    impossible = all(least is not None and least > UPS for least in fewest)
    return bool(assets - {author}) and author not in assets and impossible


def finding(records: Records, claim: Claim) -> Finding:
    """All that the verdict on a claim depends on, except for Holm over the other claims."""
    evidence = claim.evidence
    if evidence is None:
        return Finding(tested=False)
    row = look_up(records, evidence.same)
    skill = skill_against(row, evidence.constants, evidence.number)
    opponent = skill_against(row, [evidence.opponent]) if evidence.opponent else None
    table = look_up(records, evidence.test_rows) if evidence.test_rows else {}
    value, is_accuracy = _or_nan(claim.value), evidence.number == "accuracy"
    low, high = plausible_range(
        row[evidence.number],
        row["standard_error"],
        spread(row),
        runs=claim.runs,
        rounding=claim.rounding,
    )
    return Finding(
        tested=True,
        of_others=counts_others(table),
        published=value,
        low=low,
        high=high,
        claimed=value - skill.level if is_accuracy else 1 - value / skill.level,
        smallest=skill.smallest,
        opponent_low=opponent.low if opponent else NAN,
        opponent_high=opponent.high if opponent else NAN,
        skill_low=skill.low,
        p_holm=max(skill.p_value, opponent.p_value) if opponent else skill.p_value,
    )
