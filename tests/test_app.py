"""The page's named API over a real socket and its limits; the model is a fake."""

import json
import os
import time

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import app
from gender_age.detection import MIN_SCORE
from page.shared.analysis import predict_photo
from page.shared.settings import EXAMPLES, ROOT, STRESS_TESTS
from tests import fakes

FACES = tuple(
    fakes.face(box=(x, 10, x + 20, 40), gender=gender, age=40.5) for x, gender in ((5, "female"), (30, "male"))
)
PHOTO_KEYS = {"photo", "width", "height", "rotation", "faces", "error"}
FACE_KEYS = {
    "box", "score", "gender", "gender_probability", "uncertain", "age", "age_interval", "age_interval_level"
}  # fmt: skip


def turning_tall(image_rgb):
    """Two faces in every photo that is not all white; turns photos that are higher than wide."""
    _, faces = fakes.unless_white(*FACES)(image_rgb)
    return 90 if image_rgb.height > image_rgb.width else 0, faces


class Served:
    def __init__(self, predictor, **launch):
        self.predictor = predictor
        self.demo = app.build_demo(predictor)
        options = app.LAUNCH | {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"} | launch
        _, self.url, _ = self.demo.launch(**options)
        self.client = Client(self.url, verbose=False)

    def predict(self, path):
        return self.client.predict(handle_file(str(path)), api_name="/predict")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        page = Served(fakes.FakePredictor(turning_tall))
        yield page
        page.demo.close()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a beach.jpg"
    Image.new("RGB", (60, 50), "teal").save(path)
    return path


def test_the_json_of_a_photo(served, photo):
    before = len(served.predictor.seen)
    answer = served.predict(photo)
    assert set(answer) == PHOTO_KEYS
    assert answer["error"] is None
    assert answer["rotation"] == 0
    assert (answer["photo"], answer["width"], answer["height"]) == ("a beach.jpg", 60, 50)
    assert [set(face) for face in answer["faces"]] == [FACE_KEYS] * 2
    assert answer["faces"] == [face.to_dict() for face in FACES]
    assert len(served.predictor.seen) == before + 1, "the model ran more than once for one photo"


def test_the_photo_may_be_named_as_an_argument(served, photo):
    assert served.client.predict(photo=handle_file(str(photo)), api_name="/predict")["error"] is None


def test_rotation_and_exif_decide_the_frame(served, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 50), "teal").save(tmp_path / "phone.jpg", exif=exif)
    answer = served.predict(tmp_path / "phone.jpg")
    assert (answer["width"], answer["height"], answer["rotation"]) == (60, 50, 90)


def test_no_face(served, tmp_path):
    Image.new("RGB", (60, 50), "white").save(tmp_path / "snow.png")
    answer = served.predict(tmp_path / "snow.png")
    assert answer["faces"] == []
    assert answer["error"] is None
    assert answer["width"] == 60


@pytest.mark.parametrize(
    ("name", "data"),
    [("notes.jpg", b"Dear all,\n"), ("empty.jpg", b""), ("cut.jpg", b"\xff\xd8\xff\xe0\0"), ("a.heic", b"?")],
)
def test_unusable_input_is_an_answer(served, tmp_path, capfd, name, data):
    (tmp_path / name).write_bytes(data)
    before = len(served.predictor.seen)
    answer = served.predict(tmp_path / name)
    assert set(answer) == PHOTO_KEYS
    assert answer["photo"] == name
    assert answer["faces"] == []
    assert answer["width"] is None
    assert answer["height"] is None
    assert name in answer["error"]
    assert os.sep not in answer["error"]
    assert len(served.predictor.seen) == before
    assert "Traceback" not in "".join(capfd.readouterr())


def call(url, data):
    """POST and stream, as by curl: the status and the last event's data."""
    posted = httpx.post(f"{url}gradio_api/call/predict", json={"data": data})
    events = httpx.get(f"{url}gradio_api/call/predict/{posted.json()['event_id']}", timeout=30)
    lines = events.text.strip().splitlines()
    return posted.status_code, events.status_code, lines[-2], lines[-1].removeprefix("data: ")


def test_plain_http(served, tmp_path):
    (tmp_path / "notes.jpg").write_text("Dear all")
    with (tmp_path / "notes.jpg").open("rb") as file:
        (path,) = httpx.post(f"{served.url}gradio_api/upload", files={"files": file}).json()
    *statuses, event, data = call(served.url, [{"path": path, "meta": {"_type": "gradio.FileData"}}])
    assert statuses == [200, 200]
    assert event == "event: complete"
    (answer,) = json.loads(data)
    assert "holds text" in answer["error"]
    assert answer["photo"] == "notes.jpg"
    assert path not in data, "a path of the server got out"


def test_a_call_may_have_a_lowest_score(served, photo):
    with photo.open("rb") as file:
        (path,) = httpx.post(f"{served.url}gradio_api/upload", files={"files": file}).json()
    upload = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for arguments, num_faces in (([], 2), ([None], 2), ([0.9], 2), ([1.0], 0)):
        *_, event, data = call(served.url, [upload, *arguments])
        assert event == "event: complete"
        assert len(json.loads(data)[0]["faces"]) == num_faces
    for wrong in (1.5, "high", True):
        *_, event, data = call(served.url, [upload, wrong])
        assert event == "event: error"
        assert "min_score must be a number from 0 to 1." in data


def test_no_photo_at_all(served):
    *_, event, data = call(served.url, [None])
    assert event == "event: complete"
    (answer,) = json.loads(data)
    assert answer["photo"] == "image"
    assert answer["error"].startswith("There is no photo")


@pytest.mark.parametrize("more", [{"meta": {"_type": "gradio.FileData"}}, {}, {"meta": {}}, {"url": "/x"}])
def test_files_of_the_server_are_out_of_reach(served, photo, more):
    before = len(served.predictor.seen)
    *_, event, data = call(served.url, [{"path": str(photo)} | more])
    assert event == "event: error"
    assert len(served.predictor.seen) == before


def test_a_photo_that_cannot_be_had_is_an_answer(served):
    *_, event, data = call(served.url, ["/etc/passwd"])
    assert event == "event: complete"
    assert "neither a web address" in json.loads(data)[0]["error"]


def test_two_endpoints_are_all_of_the_api(served, photo):
    named = served.client.view_api(return_format="dict")["named_endpoints"]
    assert set(named) == {"/predict", "/predict_batch"}
    for endpoint, first in {"/predict": "photo", "/predict_batch": "photos"}.items():
        parameters = {parameter["parameter_name"]: parameter for parameter in named[endpoint]["parameters"]}
        assert list(parameters) == [first, "min_score"]
        assert parameters["min_score"]["parameter_default"] == MIN_SCORE
        assert parameters["min_score"]["example_input"] == MIN_SCORE
    with pytest.raises((ValueError, AppError)):
        served.client.predict(handle_file(str(photo)), api_name="/show")


def test_upload_limit(served, monkeypatch):
    # A hundredth of what `test_page_settings` reads, so that little has to be sent.
    monkeypatch.setattr(served.demo, "max_file_size", served.demo.max_file_size // 100)

    def upload(size):
        return httpx.post(f"{served.url}gradio_api/upload", files={"files": ("a.jpg", bytes(size))}).status_code

    assert upload(2_000_000) == 200
    assert upload(2_100_000) == 413


def test_page_settings(served):
    assert served.demo.analytics_enabled is False
    assert served.demo.delete_cache == (600, 1800)
    assert served.demo.run_history is False
    assert served.demo.state_holder.capacity == 100
    assert served.demo.max_file_size == 200 * 1024**2
    limits = {fn.concurrency_id: fn.concurrency_limit for fn in served.demo.fns.values() if fn.queue}
    assert (limits["model"], limits["many"], limits["live"]) == (8, 2, 2)
    assert served.demo.mcp_server is True


def test_uploads_are_deleted_and_examples_stay(tmp_path, monkeypatch, photo):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr(app, "CLEAN_EVERY_S", 1)
    monkeypatch.setattr(app, "CLEAN_OLDER_S", 1)
    page = Served(fakes.FakePredictor(turning_tall))
    try:
        kept = set((tmp_path / "gradio").rglob("*.jpg"))
        assert len(kept) == len(EXAMPLES + STRESS_TESTS)
        page.predict(photo)
        assert set((tmp_path / "gradio").rglob("*.jpg")) != kept
        deadline = time.monotonic() + 15
        while set((tmp_path / "gradio").rglob("*.jpg")) != kept and time.monotonic() < deadline:
            time.sleep(0.2)
        assert set((tmp_path / "gradio").rglob("*.jpg")) == kept
    finally:
        page.demo.close()


def test_every_example_exists_and_has_a_source():
    sources = (ROOT / "examples" / "SOURCES.md").read_text()
    assert set((ROOT / "examples").glob("*.jpg")) == set(EXAMPLES + STRESS_TESTS)
    for path in EXAMPLES + STRESS_TESTS:
        assert f"`{path.name}`" in sources
        assert path.stat().st_size <= 300_000


def test_the_photo_is_turned_as_the_prediction_says(tmp_path):
    stored = Image.new("RGB", (40, 60), "teal")
    stored.paste("red", (0, 0, 40, 10))
    stored.save(tmp_path / "tall.png")
    image_rgb, prediction = predict_photo(fakes.FakePredictor(turning_tall), str(tmp_path / "tall.png"))
    assert image_rgb.size == (prediction.width, prediction.height) == (60, 40)
    assert image_rgb.getpixel((2, 20)) == (255, 0, 0), "turned the other way"
