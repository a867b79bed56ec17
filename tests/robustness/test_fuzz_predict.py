"""`/predict`, `/predict_batch` and the predictor under mutated files, odd names, archives and forged calls."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gender_age.checkpoint import load_checkpoint
from gender_age.detection import FaceDetector
from gender_age.prediction import GenderAgePredictor
from tests.conftest import REPOSITORY

from .archives import archives
from .inputs import mutated, picture, saved
from .measuring import peak_mb
from .pages import Caller, PageProcess, given

PHOTO_KEYS = {"photo", "width", "height", "rotation", "faces", "error"}
MOST_S = 5.0
NAMES = (
    "../../../evil.jpg",
    "/etc/evil.jpg",
    "C:\\Windows\\evil.jpg",
    "..",
    ".",
    "a/../../b.jpg",
    "new\nline.jpg",
    "nul\0byte.jpg",
    "\x1b[31mred.jpg",
    "\u202egpj.exe",
    "x" * 300 + ".jpg",
    "ж" * 300 + ".jpg",
    "<img src=x onerror=alert(1)>.jpg",
    "=cmd|' /C calc'!A0.jpg",
    "con.jpg",
    "😀.jpg",
    "%2e%2e%2fevil.jpg",
    " ",
)
# What no client of ours sends as the photo.
FORGED = (
    5,
    True,
    [],
    {},
    {"path": None},
    {"path": ""},
    [None, None],
    given(""),
    given("/"),
    given("/etc/passwd"),
    given("/etc/passwd\nINFO: all is well"),
    given("nul\0byte"),
    given("x" * 100_000),
    given("../" * 40 + "etc/passwd"),
    given("file:///etc/passwd"),
    given("http://127.0.0.1:1/a.jpg"),
    given("/etc/passwd", is_stream=True),
    given("/etc/passwd", url="http://127.0.0.1:1/"),
    given("/etc/passwd", size=-1, mime_type="image/jpeg\n", orig_name="../x"),
    {"path": "/etc/passwd", "meta": {"_type": "gradio.Other"}},
    "",
    "/etc/passwd",
    "file:///etc/passwd",
    "data:image/jpeg;base64,@@@",
    "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff" * 50).decode(),
    "data:image/svg+xml;base64," + base64.b64encode(b"<svg onload=alert(1)>").decode(),
    "http://127.0.0.1:1/a.jpg",
    "http://[::1]/a\n.jpg",
    "x" * 100_000,
)


def check_answer(answer, folder):
    assert set(answer) == PHOTO_KEYS
    assert answer["photo"].isprintable()
    assert 0 < len(answer["photo"]) <= 120
    if answer["error"] is None:
        assert answer["width"] > 0
        assert answer["height"] > 0
        assert isinstance(answer["faces"], list)
    else:
        assert answer["error"].endswith(".")
        assert answer["error"].isprintable()
        assert str(folder) not in answer["error"]
        assert answer["faces"] == []


def ask(page, numbers) -> tuple[list[dict], float]:
    """The answers to inputs of these numbers, from four clients at once, and the slowest, in seconds."""

    def one(number):
        suffix, data = mutated(number)
        caller, begun = Caller(page.url), time.monotonic()
        answer = caller.predict(f"{number}.{suffix}", data)
        assert answer["photo"] == f"{number}.{suffix}", "an answer for another photo"
        return answer, time.monotonic() - begun

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, numbers))
    return [answer for answer, _ in found], max(seconds for _, seconds in found)


def test_mutated_files_are_answers(served, capfd):
    answers, slowest = ask(served, range(500, 530))
    for answer in answers:
        check_answer(answer, served.temporary)
    assert {answer["error"] is None for answer in answers} == {True, False}
    assert slowest < MOST_S
    assert "Traceback" not in "".join(capfd.readouterr())


def test_names_of_uploads_stay_in_the_folder_for_uploads(served, capfd, tmp_path_factory):
    photo, refused = saved("PNG"), []
    everywhere = [REPOSITORY, tmp_path_factory.getbasetemp()]

    def outside():
        found = {path for folder in everywhere for path in folder.rglob("*evil*")}
        return {path for path in found if served.temporary not in path.parents}

    before = outside()
    for name in NAMES:
        posted = served.caller.upload(name, photo)
        if posted.status_code != 200:
            assert posted.status_code == 400, name
            refused.append(name)
            continue
        (path,) = posted.json()
        assert path.startswith(str(served.temporary)), name
        assert ".." not in path.split("/"), name
        event, answer = served.caller.call("predict", [given(path)])
        assert event == "complete", name
        check_answer(answer[0], served.temporary)
        assert answer[0]["error"] is None, name
    assert len(refused) <= 3
    assert outside() == before
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("endpoint", ["predict", "predict_batch"])
def test_forged_calls_are_answered_and_leave_no_trace_in_the_log(served, capfd, endpoint):
    for value in FORGED:
        begun = time.monotonic()
        event, answer = served.caller.call(endpoint, [value if endpoint == "predict" else [value]])
        assert event in ("complete", "error"), value
        assert "root:" not in str(answer), "a file of the server was read"
        assert time.monotonic() - begun < MOST_S, value
    for data in ([], [None] * 5, [given("x")] * 2):
        assert served.caller.call(endpoint, data)[0] in ("complete", "error")
    assert served.caller.predict("after.png", saved("PNG"))["error"] is None
    log = "".join(capfd.readouterr())
    assert "all is well" not in log, "a line of the log is the visitor's"
    assert "Traceback" not in log


def test_archives_are_rows(served, capfd):
    for name, data in archives().items():
        begun = time.monotonic()
        for row in served.caller.predict_batch(("a.zip", data)):
            check_answer(row, served.temporary)
        assert time.monotonic() - begun < MOST_S, name
    assert "Traceback" not in "".join(capfd.readouterr())
    assert not list(served.temporary.rglob("*outside*"))


@pytest.fixture(scope="module")
def predictor(tiny_model_folder) -> GenderAgePredictor:
    return GenderAgePredictor(*load_checkpoint(tiny_model_folder, device="cpu"), FaceDetector("cpu"))


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 900), (900, 1), (47, 49), (12, 800), (2, 3)])
def test_the_real_detector_takes_odd_shapes(predictor, size_wh):
    found = predictor.predict(picture("RGB", size_wh))
    assert (found.width, found.height) in (size_wh, size_wh[::-1])


def test_the_batch_path_has_a_row_for_every_file(predictor, tmp_path):
    paths = []
    for number in range(900, 930):
        suffix, data = mutated(number)
        paths.append(tmp_path / f"{number}.{suffix}")
        paths[-1].write_bytes(data)
    rows = predictor.predict_batch(paths)
    assert [row.photo for row in rows] == [path.name for path in paths]
    assert {row.error is None for row in rows} == {True, False}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_inputs_through_app_py_and_its_model(tmp_path):
    with PageProcess(tmp_path) as page:
        ask(page, range(3))
        answers, slowest = ask(page, range(20_000, 21_000))
        for answer in answers:
            check_answer(answer, page.temporary)
        assert page.is_alive()
        assert "Traceback" not in page.log
        unusable = sum(answer["error"] is not None for answer in answers)
        print(f"1000 inputs, {unusable} unusable, slowest {slowest:.2f} s, peak {peak_mb(page.pid):.0f} MB")
        assert slowest < 2 * MOST_S, "four clients wait for each other"
        assert peak_mb(page.pid) < 2_000


@pytest.mark.slow
def test_a_thousand_files_through_the_batch_path(predictor, tmp_path):
    for start in range(30_000, 31_000, 100):
        paths = []
        for number in range(start, start + 100):
            suffix, data = mutated(number)
            paths.append(tmp_path / f"{number}.{suffix}")
            paths[-1].write_bytes(data)
        rows = predictor.predict_batch(paths)
        assert [row.photo for row in rows] == [path.name for path in paths]
        assert all(row.error is None or row.error.endswith(".") for row in rows)
