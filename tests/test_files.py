import os

import pytest

from coincast import files
from coincast.errors import InputError


def test_write_atomically_leaves_the_old_file_when_the_rename_fails(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"cannot write .*out.csv: No space left on device"):
        files.write_atomically(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "old"


def test_write_atomically_makes_folders_and_readable_files(tmp_path):
    path = tmp_path / "a" / "b.txt"
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644


def test_write_together_leaves_every_old_file_when_the_last_cannot_be_written(tmp_path):
    first, last = tmp_path / "a.csv", tmp_path / "file" / "a.json"
    first.write_text("old")
    last.parent.write_text("no folder")
    with pytest.raises(InputError, match=r"cannot write .*a.json"):
        files.write_together({first: "new", last: "new"})
    assert first.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "file"]


def test_write_together_leaves_no_halves_when_it_is_interrupted(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_together({tmp_path / "a.png": "new"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["none", "<!-- begin a -->\n", "<!-- begin a -->\n" * 2])
def test_fill_marker_refuses_text_without_the_pair(text):
    with pytest.raises(InputError, match="needs exactly one <!-- begin a -->"):
        files.fill_marker(text, "a", "new")
