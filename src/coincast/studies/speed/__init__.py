"""What training many models costs: `fit` one after another against one program, timed."""

from coincast.studies.speed.reading import (
    final_losses,
    ratio_sentences,
    ratios,
    size_sentence,
    timing_table,
)
from coincast.studies.speed.record import SIZES, collect, load_record, record_sentence, save_record
from coincast.studies.speed.studies import STUDIES
from coincast.studies.speed.timing import SIDES, measure

__all__ = [
    "SIDES",
    "SIZES",
    "STUDIES",
    "collect",
    "final_losses",
    "load_record",
    "measure",
    "ratio_sentences",
    "ratios",
    "record_sentence",
    "save_record",
    "size_sentence",
    "timing_table",
]
