"""All claims beside our numbers, with their verdicts: the table of notebook 07."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from coincast.evaluation.significance import holm, p_words
from coincast.records.names import display_name, named
from coincast.studies.claims import CLAIMS
from coincast.studies.claims.claim import Claim, Evidence
from coincast.studies.claims.evidence import Records, finding, look_up, skill_against, spread
from coincast.studies.claims.verdicts import NAN, NOT_CHECKED, VERDICTS, Finding, rule, verdict

__all__ = ["assess", "claims_markdown", "sentences"]

SKILLS = ("accuracy_difference", "difference", "skill_no_change")  # of a row on other data
TESTS = {"mae": "Diebold-Mariano", "accuracy": "McNemar"}


def assess(records: Records, claims: Mapping[str, Claim] = CLAIMS) -> pd.DataFrame:
    """Every claim beside our numbers, and the verdict by `verdicts.verdict`.

    Args:
        records: notebook -> the values that it has recorded.
        claims: name -> claim; Holm's correction is over all of these that are tested.

    Returns:
        One row per claim: what was published (`says`, `who`, `source`, `quote`, `protocol`,
        `published`, `remark`); `same`, our number by the same protocol, with `same_low`,
        `same_high` (95 %, other days), its `n`, `seed_sd` and the `plausible_low`,
        `plausible_high` of one published number; `honest`; the best constant as `baseline` and its
        `baseline_level`; `skill_published`, `skill_same` and `skill_honest` against it, the last
        two with `_low` and `_high`; `test`, `p_value`, `p_holm`; the `claimed` skill and the
        `smallest` that would have shown; `opponent`, `opponent_skill` and its ends; `beside`, our
        number on other data; `of_others`, whether the published number is another asset's; the
        `rule` that applied and its `verdict`. NaN and "" where a claim has no such thing.

    Raises:
        InputError: a claim names evidence that is not recorded.
    """
    found = {name: finding(records, claim) for name, claim in claims.items()}
    adjusted = holm(pd.Series({name: one.p_holm for name, one in found.items()}, dtype=float))
    rows = {}
    for name, claim in claims.items():
        judged = replace(found[name], p_holm=adjusted[name])
        rows[name] = (
            _published(claim)
            | _ours(records, claim.evidence or Evidence())
            | _judged(judged, found[name].p_holm)
            | {"beside": _beside(records, claim.beside)}
        )
    return pd.DataFrame.from_dict(rows, orient="index").fillna(
        {"baseline": "", "opponent": "", "test": ""}
    )


def _published(claim: Claim) -> dict[str, Any]:
    names = ("says", "source", "quote", "protocol", "high", "remark")
    who = claim.source.split(",")[0]
    year = "".join(word for word in claim.source.replace(",", " ").split() if word[:2] == "20")[:4]
    return {"who": f"{who} {year}".strip(), "published": claim.value} | {
        name: getattr(claim, name) for name in names
    }


def _ours(records: Records, evidence: Evidence) -> dict[str, Any]:
    """Our numbers, and how they compare with the best constant and with an opponent."""
    if not evidence.same:
        return {}
    row = look_up(records, evidence.same)
    skill = skill_against(row, evidence.constants, evidence.number)
    ours = {"same": row[evidence.number], "n": row["n"], "seed_sd": spread(row)}
    ours["test"] = TESTS[evidence.number]
    ours |= {f"same_{end}": row.get(end, NAN) for end in ("low", "high")}
    ours |= {"baseline": skill.baseline, "baseline_level": skill.level}
    ours |= _ends("skill_same", skill.skill, skill.low, skill.high)
    if evidence.honest:
        honest_row = look_up(records, evidence.honest)
        honest = skill_against(honest_row, evidence.constants, evidence.number)
        ours["honest"] = honest_row[evidence.number]
        ours |= _ends("skill_honest", honest.skill, honest.low, honest.high)
    if evidence.opponent:
        against = skill_against(row, [evidence.opponent])
        ours["opponent"] = evidence.opponent
        ours |= _ends("opponent_skill", against.skill, against.low, against.high)
    return ours


def _ends(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _judged(judged: Finding, p_value: float) -> dict[str, Any]:
    """The verdict, and what it was derived from."""
    return {
        "plausible_low": judged.low,
        "plausible_high": judged.high,
        "skill_published": judged.claimed,
        "smallest": judged.smallest,
        "p_value": p_value,
        "p_holm": judged.p_holm,
        "of_others": judged.of_others,
        "rule": rule(judged),
        "verdict": verdict(judged),
    }


def _beside(records: Records, path: str) -> str:
    """Our number on other data, with its n and its skill against a baseline."""
    if not path:
        return ""
    row = look_up(records, path)
    skill = next(name for name in SKILLS if name in row)
    ends = (row[f"{skill}{end}"] for end in ("", "_low", "_high"))
    told = "skill {:+.3f} ({:+.3f} to {:+.3f})".format(*ends)
    accuracy = f"{row['accuracy']:.3f}, " if "accuracy" in row else ""
    return f"{accuracy}n = {row['n']:.0f}, {told}"


def _number(value: float, digits: int = 4) -> str:
    return "" if pd.isna(value) else f"{value:.{digits}f}"


def _against(row: pd.Series) -> str:
    """The skill that a claim on two forecasts is about."""
    told = f"; skill {row['opponent_skill']:+.2f} against {named(row['opponent'])}"
    return told if row["opponent"] else ""


def claims_markdown(table: pd.DataFrame) -> str:
    """The README's table: the claims that we tested, and those with both numbers.

    Args:
        table: as `assess` gives it.
    """
    beside = (table["beside"] != "") & table["published"].notna()
    shown = table[(table["verdict"] != NOT_CHECKED) | beside]
    rows = [
        {
            "claim": row["says"],
            "who": row["who"],
            "published": _number(row["published"]),
            "ours, same protocol": _number(row["same"]) + _against(row),
            "ours, honestly": _number(row["honest"]) or row["beside"],
            "best constant": f"{_number(row['baseline_level'])} {display_name(row['baseline'])}",
            "n": _number(row["n"], 0),
            "p (Holm)": "" if pd.isna(row["p_holm"]) else p_words(row["p_holm"]).strip("p= "),
            "verdict": f"**{row['verdict']}**",
        }
        for _, row in shown.iterrows()
    ]
    text: str = pd.DataFrame(rows).to_markdown(
        index=False, tablefmt="github", disable_numparse=True
    )
    return text


def sentences(table: pd.DataFrame) -> list[str]:
    """One sentence on the verdicts, and one per tested claim on what its verdict follows from.

    Args:
        table: as `assess` gives it.
    """
    counts = table["verdict"].value_counts().reindex(VERDICTS, fill_value=0)
    told = "; ".join(f"{verdict}: {count}" for verdict, count in counts.items())
    tested = table[table["verdict"] != NOT_CHECKED]
    return [
        f"{len(table)} claims, {len(tested)} of them tested. {told}.",
        *(_sentence(row) for _, row in tested.iterrows()),
    ]


def _sentence(row: pd.Series) -> str:
    parts = [f"{row['who']}, {row['says']}: {row['verdict']} (rule {row['rule']})."]
    if pd.notna(row["published"]):
        parts.append(
            f"Published {row['published']:.4f}; with other seeds and on other days our pipeline "
            f"would plausibly give {row['plausible_low']:.4f} to {row['plausible_high']:.4f}."
        )
    if row["opponent"]:
        parts.append(
            f"Skill against {named(row['opponent'])} {row['opponent_skill']:+.3f} "
            f"({row['opponent_skill_low']:+.3f} to {row['opponent_skill_high']:+.3f})."
        )
    parts.append(
        f"Ours {row['same']:.4f} on n = {row['n']:.0f} days against {row['baseline_level']:.4f} of "
        f"{named(row['baseline'])}: skill {row['skill_same']:+.3f} "
        f"({row['skill_same_low']:+.3f} to {row['skill_same_high']:+.3f}), "
        f"{p_words(row['p_value'])}, after Holm {p_words(row['p_holm'])}; a skill of "
        f"{row['smallest']:.3f} would probably have shown."
    )
    return " ".join(parts)
