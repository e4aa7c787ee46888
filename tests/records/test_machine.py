"""What is said of the processor."""

import platform

from coincast.records import machine


def test_processor_reads_model_and_instruction_sets_where_linux_states_them(tmp_path):
    stated = tmp_path / "cpuinfo"
    stated.write_text(
        "processor\t: 0\nmodel name\t: AMD EPYC 9R14\nflags\t\t: fpu avx2 fma avx512f avx512bw\n\n"
        "processor\t: 1\nmodel name\t: AMD EPYC 9R14\nflags\t\t: fpu avx2\n"
    )
    assert machine.processor(stated) == {
        "model": "AMD EPYC 9R14",
        "instruction_sets": ["avx2", "avx512f"],
    }


def test_processor_asks_python_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    assert machine.processor(tmp_path / "none") == {"model": "arm", "instruction_sets": []}


def test_processor_names_at_least_the_architecture(tmp_path, monkeypatch):
    stated = tmp_path / "cpuinfo"  # as on ARM
    stated.write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert machine.processor(stated) == {"model": "aarch64", "instruction_sets": []}
