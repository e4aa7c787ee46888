"""Timing both sides with tiny settings, and the tables and sentences made of a measurement."""

import numpy as np
import pytest

from coincast.errors import InputError
from coincast.studies.speed import measurement, reading
from coincast.studies.speed.timing import WORKLOADS, measure

FITS = {"side": "fit", "study": "ethereum", "members": 3, "peak_gib": 0.5,
        "seconds": [10.0, 11.0, 9.0], "val_loss": [0.05, 0.06, 0.07]}  # fmt: skip
TUNED = FITS | {"side": "fit_tuned", "seconds": [4.0, 4.0, 4.0]}


def program(members, cold, warm):
    return {
        "side": "program", "study": "ethereum", "members": members, "cold": cold,
        "warm": [warm, warm / 2, 3 * warm], "peak_gib": 0.6,
        "val_loss": [0.06 + 0.001 * n for n in range(members)],
    }  # fmt: skip


RUNS = [program(26, 2.0, 0.25), FITS, TUNED, program(26, 3.0, 0.2), program(26, 4.0, 0.5),
        program(100, 4.0, 0.5)]  # fmt: skip


@pytest.mark.command
def test_measure_times_the_program_cold_and_warm():
    found = measure("program", "ethereum", 2)
    assert (found["side"], found["members"]) == ("program", 2)
    assert found["cold"] > min(found["warm"]) > 0
    assert len(found["val_loss"]) == 2
    assert 0 < found["peak_gib"] < 4


@pytest.mark.command
def test_measure_times_fits_of_the_given_windows():
    train, check = (part.take(np.arange(30)) for part in WORKLOADS["ethereum"].windows())
    found = measure("fit_tuned", "ethereum", 1, (train, check))
    assert 0 < found["seconds"][0] < 60
    assert 0 < found["val_loss"][0] < 1


@pytest.mark.command
def test_measure_names_what_died():
    with pytest.raises(InputError, match="program of 0 ethereum models"):
        measure("program", "ethereum", 0)


def test_timing_table_has_a_row_a_run():
    table = reading.timing_table(RUNS)
    first, fit = table.iloc[0], table.iloc[1]
    assert (first["cold"], first["warm"]) == (2.0, 0.25)
    assert first["member_ms"] == pytest.approx(1000 * 0.25 / 26)
    assert (fit["cold"], fit["member_ms"]) == (30.0, 10_000)


def test_ratios_hold_the_median_program_against_the_mean_fit():
    found = reading.ratios(RUNS, "ethereum", 26)
    assert (found["fits"], found["fit_seconds"], found["tuned_seconds"]) == (3, 10.0, 4.0)
    assert found["times_faster_warm"] == pytest.approx(26 * 10 / 0.25)
    assert found["times_faster_cold"] == pytest.approx(26 * 10 / 3)
    assert found["times_faster_than_tuned"] == pytest.approx(26 * 4 / 0.25)
    assert (found["loss_fit"], found["sd_fit"]) == (pytest.approx(0.06), pytest.approx(0.01))
    assert 0 < found["p_same"] < 1


def test_sentences_say_the_ratios_and_the_sizes():
    fast, same = reading.ratio_sentences(reading.ratios(RUNS, "ethereum", 26), "LSTMs", 26)
    assert "26 LSTMs: 260 s by `fit` one after another (3 timed, multiplied), 0.25 s" in fast
    assert "at worst 0.50 s (1040 times faster), 3.00 s" in fast
    assert "0.0600 (sd 0.0100, n 3) by `fit`" in same
    portable = reading.portable_sentence(reading.ratios(RUNS, "ethereum", 26), "LSTMs", 26)
    assert "26 LSTMs take 0.25 s" in portable
    assert "1040 times faster" in portable
    sizes = reading.size_sentence(reading.timing_table(RUNS))
    assert sizes.startswith("100 Ethereum LSTMs: 0.5 s once compiled, 5.0 ms a model (19.2 ms")


def test_measurement_is_kept_with_its_origin(tmp_path):
    found = {"date": "2026-01-02", "machine": "2 cores", "versions": {"keras": "3"}, "runs": RUNS}
    measurement.save(found, tmp_path / "speed.json")
    again = measurement.load(tmp_path / "speed.json")
    assert again == found
    sentence = measurement.origin_sentence(again)
    assert sentence == "Measured on 2026-01-02 on 2 cores with keras 3."


def test_load_names_the_remedy_for_a_damaged_file(tmp_path):
    path = tmp_path / "speed.json"
    path.write_text("{")
    with pytest.raises(InputError, match=r"speed.json.*training --record"):
        measurement.load(path)


def test_collect_times_the_program_before_and_after_the_fits(monkeypatch):
    def timed(side, name, members, *, portable):
        return {"side": side, "study": name, "members": members, "portable": portable}

    monkeypatch.setattr(measurement, "measure", timed)
    found = measurement.collect(3, [7], tell=str)
    sides = [(run["side"], run["members"]) for run in found["runs"] if run["study"] == "ethereum"]
    assert sides == [("program", 26), ("fit", 3), ("fit_tuned", 3), ("program", 26), ("program", 7)]
    assert not any(run["portable"] for run in found["runs"])
    assert all(run["portable"] for run in found["portable_runs"])


def test_committed_measurement_has_every_call_of_fit():
    runs = measurement.load()["runs"]
    for name, workload in WORKLOADS.items():
        assert reading.ratios(runs, name, workload.members)["fits"] == workload.members
