"""What `--verify` finds in made-up results, and what it says of them."""

import io
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from coincast.errors import InputError
from coincast.report import verification
from coincast.report.comparison import compare, digits
from coincast.report.page import write_page
from coincast.report.verification import Run, verify

VALUES = {"mae": {"zero": 0.0527, "lstm": [0.0651, -2.5]}, "n": 59, "coin": "eos", "up": True}
README = "| zero | 0.0527 |\n| lstm | 0.0651 |"


def picture(shade=200, size=(8, 6), dot=None, level=6):
    """Return a grey PNG, with one pixel of another shade if asked for."""
    pixels = np.full(size, shade, dtype=np.uint8)
    if dot is not None:
        pixels[0, 0] = dot
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def record(values=VALUES, readme=README, figures=("line",), **provenance):
    known = {"device": "CPU", "parameters_sha256": "p", "data_sha256": "d", "code_version": "1"}
    captions = {name: f"A {name}." for name in figures}
    content = {"values": values, "readme": readme, "figures": captions}
    return json.dumps(content | {"provenance": known | provenance}).encode()


def files(values=VALUES, png=None, **others):
    return {"07_any.json": record(values, **others), "line.png": png or picture()}


def found(made):
    return compare("07_any", files(), made)


def test_compare_finds_the_same_values_and_pictures_identical():
    made = files(versions={"python": "3.13"}, code_version="2")
    same = found(made | {"line.svg": b"<svg/>"})  # which is not committed by intention
    assert (same.status, same.digits, same.differing, same.figures) == ("identical", None, (), ())
    assert (same.passed, same.line) == (True, "identical")


def test_compare_gives_the_smallest_number_of_agreeing_digits():
    near = VALUES | {"mae": {"zero": 0.0527 * (1 + 1e-9), "lstm": [0.0651, -2.5 * (1 - 2e-6)]}}
    same = found(files(near))
    assert (same.status, same.digits, same.passed) == ("digits", 5, False)
    assert [change.path for change in same.differing] == ["values.mae.lstm.1", "values.mae.zero"]
    assert same.line.startswith("the same to 5 significant digits")


def test_compare_accepts_digits_where_a_gpu_trained():
    near = VALUES | {"mae": {"zero": 0.0527001, "lstm": [0.0651, -2.5]}}
    assert found(files(near, device="GPU")).passed
    assert not found(files(VALUES | {"n": 60}, device="GPU")).passed


def test_compare_names_the_values_that_differ_most_and_what_the_readme_prints():
    other = VALUES | {"mae": {"zero": 0.06, "lstm": [0.0652, -2.6]}, "coin": "xrp"}
    different = found(files(other, readme=README.replace("0.0651", "0.0652")))
    assert different.status == "different"
    paths = [change.path for change in different.differing]
    assert paths == ["values.mae.zero", "values.mae.lstm.1", "values.mae.lstm.0", "values.coin"]
    for words in ("values.mae.zero 0.0527 -> 0.06", "and 1 more", "README: 0.0651 -> 0.0652"):
        assert words in different.line
    assert "values.coin" not in different.line  # texts follow from numbers


def test_compare_says_when_no_number_of_the_readme_changes():
    line = found(files(VALUES | {"n": 60})).line
    assert line == "different: values.n 59 -> 60; no number in the README changes"


def test_compare_sees_a_readme_with_other_text_around_the_same_numbers():
    different = found(files(readme=README.replace("lstm", "the LSTM")))
    assert different.line == "different: README: other text, the same numbers"
    assert found(files(readme="none")).line == "different: README: 2 numbers -> 0 numbers"


def test_compare_shows_the_numbers_that_differ_between_long_texts():
    texts = [f"{'right on ' * 6}{days} of 97 days, .5 (at most {days},000)" for days in (58, 60)]
    before, now = (files({"reading": [text]}) for text in texts)
    line = compare("07_any", before, now).line
    assert "values.reading.0 58 -> 60, 58,000 -> 60,000;" in line


def test_compare_tells_a_zero_of_another_type():
    different = compare("07_any", files({"n": 0}), files({"n": 0.0}))
    assert different.line.startswith("different: values.n 0 -> 0.0;")


@pytest.mark.parametrize(
    ("change", "path", "committed", "made"),
    [
        ({"new": 1.5}, "values.new", "missing", 1.5),
        ({"n": 59.0}, "values.n", 59, 59.0),
        ({"up": 1}, "values.up", True, 1),
        ({"coin": None}, "values.coin", "eos", None),
        ({"mae": {"zero": 0.0527, "lstm": [0.0651]}}, "values.mae.lstm.1", -2.5, "missing"),
        ({"mae": {"zero": 0.0527, "lstm": {}}}, "values.mae.lstm", "list of 2", "dict of 0"),
    ],
)
def test_compare_finds_what_no_number_of_digits_describes(change, path, committed, made):
    different = found(files(VALUES | change))
    changes = {one.path: (one.committed, one.found) for one in different.differing}
    assert (different.status, changes[path]) == ("different", (committed, made))


def test_compare_counts_captions_and_hashes_of_data_and_parameters():
    other = json.loads(record(data_sha256="e" * 64, parameters_sha256="q"))
    other["figures"]["line"] = "Another line."
    different = found(files() | {"07_any.json": json.dumps(other).encode()})
    paths = {change.path for change in different.differing}
    assert "e" * 41 not in different.line  # a long hash is cut short
    assert paths == {"figures.line", "provenance.data_sha256", "provenance.parameters_sha256"}


@pytest.mark.parametrize("made", [{}, {"07_any.json": b"{"}, {"07_any.json": b"[1]"}])
def test_compare_finds_results_without_a_whole_record_different(made):
    assert found(made).status == "different"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1.0, 1.001, 3), (123456.0, 123457.0, 5), (1.0, -1.0, 0), (0.0, 1e-12, 0), (2.0, 2.1, 1)],
)
def test_digits_follows_the_relative_difference(one, other, same):
    assert digits(one, other) == digits(other, one) == same


def test_compare_measures_pictures_whose_bytes_differ():
    same = found(files(png=picture(dot=206)))
    (figure,) = same.figures
    assert (figure.name, figure.largest, figure.mean) == ("line.png", 6, 6 / 48)
    assert (same.status, same.digits) == ("digits", None)
    assert same.line == (
        "the same numbers; pictures of other bytes: line.png (pixels differ by 6 of 255 at most, "
        "0.12 on average)"
    )


def test_compare_tells_a_picture_of_other_bytes_but_the_same_pixels():
    same = found(files(png=picture(level=0)))
    assert (same.status, same.passed) == ("digits", False)
    assert "line.png (same pixels)" in same.line


@pytest.mark.parametrize(
    ("made", "note"),
    [
        ({"line.png": picture(size=(8, 7))}, "7 x 8 pixels, not 6 x 8"),
        ({"line.png": b"no picture"}, "damaged"),
        ({"line.png": None}, "missing"),
        ({"extra.png": picture()}, "not committed"),
        ({"line.png": picture(shade=20)}, ""),
    ],
)
def test_compare_finds_other_pictures_different(made, note):
    kept = {name: content for name, content in (files() | made).items() if content}
    different = found(kept)
    (figure,) = different.figures
    assert (different.status, figure.note) == ("different", note)
    assert figure.name in different.line


@pytest.fixture
def figs(tmp_path):
    """Commit the results of two notebooks to a folder."""
    folder = tmp_path / "figs"
    folder.mkdir()
    for name, content in files().items():
        (folder / name).write_bytes(content)
    (folder / "08_last.json").write_bytes(record(figures=()))
    return folder


@pytest.fixture(autouse=True)
def processor(monkeypatch):
    """Choose the processor that the machine seems to have."""

    def choose(sets, architecture="x86_64"):
        known = {"model": "Any 9R14", "instruction_sets": sets}
        monkeypatch.setattr(verification.machine, "processor", lambda: known)
        monkeypatch.setattr(verification.platform, "machine", lambda: architecture)
        monkeypatch.setattr(verification.platform, "system", lambda: "Linux")

    choose(["avx2", "avx512f"])
    return choose


RUNS = [Run("08_last", {"08_last.json": record(figures=())}, "", 2.5, 1.25)]


def test_verify_ends_with_one_sentence_and_status_0_if_all_is_identical(figs):
    whole = verify([*RUNS, Run("07_any", files(), "", 1.0, 0.5)], figs)
    assert whole.sentence == (
        "2 of 2 notebooks reproduced to the byte on Any 9R14 (AVX-512), Linux x86_64."
    )
    assert whole.exit_status == 0
    assert [line.split() for line in whole.lines] == [
        ["07_any", "identical"],
        ["08_last", "identical"],
    ]


def test_verify_counts_a_failed_notebook_as_not_reproduced(figs):
    whole = verify([*RUNS, Run("07_any", {}, "cell 3: no memory", 1.0, 0.5)], figs)
    assert whole.sentence.startswith("1 of 2 notebooks reproduced to the byte")
    assert (whole.exit_status, whole.lines[0].split()[1]) == (1, "failed:")
    assert "cell 3: no memory" in whole.lines[0]


def test_verify_speaks_of_digits_where_a_gpu_trained(figs, monkeypatch):
    monkeypatch.setattr(verification, "driver_and_names", lambda: ("570.1", ["T4"]))
    near = VALUES | {"mae": {"zero": 0.0527, "lstm": [0.0651, -2.50001]}}
    whole = verify([*RUNS, Run("07_any", files(near, device="GPU"), "", 1.0, 0.5)], figs)
    assert whole.exit_status == 0
    assert whole.sentence.startswith("2 of 2 notebooks reproduced to at least 5 significant digits")
    assert "T4" in whole.sentence


@pytest.mark.parametrize(
    ("sets", "architecture", "words"),
    [([], "x86_64", "AVX2"), (["avx2"], "aarch64", "x86-64"), (["avx2"], "AMD64", "")],
)
def test_verify_says_where_bytes_may_differ(figs, processor, sets, architecture, words):
    processor(sets, architecture)
    sentence = verify(RUNS, figs).sentence
    assert ("bytes may differ" in sentence, words in sentence) == (bool(words), True)


@pytest.mark.parametrize("option", ["out", "parameters", "sweeps", "quick"])
def test_check_options_refuses_other_studies(option):
    given = {"out": None, "parameters": [], "sweeps": [], "quick": False, "jobs": 2}
    verification.check_options(given)
    with pytest.raises(InputError, match=verification.EXCLUDED[option]):
        verification.check_options(given | {option: "x"})


def test_committed_notebooks_are_those_with_recorded_numbers(figs):
    assert verification.committed_notebooks([], figs) == ["07_any", "08_last"]
    assert verification.committed_notebooks(["08_last.ipynb"], figs) == ["08_last"]
    with pytest.raises(InputError, match="09_new"):
        verification.committed_notebooks(["09_new"], figs)
    with pytest.raises(InputError, match="figs"):
        verification.committed_notebooks([], figs / "none")


def test_save_and_load_keep_what_the_page_shows(figs, tmp_path):
    build = tmp_path / "build"
    assert verification.load(build / "verification.json", figs) is None
    assert "erification" not in write_page([], figs=figs, build=build).read_text()
    made = files(VALUES | {"n": 60}, png=picture(shade=20))
    whole = verify([*RUNS, Run("07_any", made, "", 1.0, 0.5)], figs)
    verification.save(whole, build / "verification.json")
    first, last = json.loads((build / "verification.json").read_text())["notebooks"]
    assert first["differing"] == [
        {"path": "values.n", "committed": 59, "found": 60, "digits": None}
    ]
    assert (first["status"], first["figures"][0]["largest"]) == ("different", 180)
    assert (last["status"], last["seconds"], last["peak_gib"]) == ("identical", 2.5, 1.25)
    page = write_page([], figs=figs, build=build, notebooks=tmp_path)
    section = BeautifulSoup(page.read_text(), "lxml").find(id="verification")
    text = " ".join(section.get_text().split())
    for words in (whole.sentence, "values.n 59 -> 60", "Any 9R14", "avx512f", "numpy", "1.2"):
        assert words in text
    assert "have changed" not in text
    (figs / "line.png").write_bytes(picture(shade=3))
    write_page([], figs=figs, build=build, notebooks=tmp_path)
    assert "have changed" in page.read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"sentence": "All."}', '{"notebooks": [3]}'])
def test_load_names_a_damaged_verification(figs, tmp_path, text):
    (tmp_path / "verification.json").write_text(text)
    with pytest.raises(InputError, match=r"verification\.json.*--verify"):
        verification.load(tmp_path / "verification.json", figs)
