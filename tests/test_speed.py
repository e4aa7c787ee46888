"""Timing both sides, on tiny numbers: what comes back, not how fast."""

import pytest

from coincast import speed
from coincast.errors import InputError


def test_measure_times_the_program_cold_and_warm():
    found = speed.measure("program", "ethereum", 2)
    assert found["cold"] > min(found["warm"]) > 0
    assert len(found["val_loss"]) == 2
    assert found["gflops"] > 1
    assert 0 < found["peak_gib"] < 4


def test_measure_says_what_died():
    with pytest.raises(InputError, match="timing program of 0 ethereum models died"):
        speed.measure("program", "ethereum", 0)
