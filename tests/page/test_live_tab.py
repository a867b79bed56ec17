"""The Live tab over a real socket, driven as gradio's camera drives it; the model is a fake."""

import base64
import io
import json
import queue
import re
import threading
from types import SimpleNamespace

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.tracking import FaceTracker, TrackedFace
from page.live_tab import (
    LIVE_VISITORS,
    LONGEST_SIDE,
    MIN_SCORE,
    NEW_AFTER_S,
    TEXT_EVERY_S,
    LiveSession,
    boxes_html,
    build_live_tab,
    camera_frame,
    cards_html,
    count_html,
    faces_in_view,
    rate_html,
)

WAIT_S = 20


def picture(grey=120, size_wh=(64, 48), kind="JPEG"):
    stream = io.BytesIO()
    Image.new("RGB", size_wh, (grey,) * 3).save(stream, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def face(x=20, score=0.99):
    return FacePrediction((x, 10, x + 16, 30), score, "female", 0.9, False, 40.5, (30.0, 50.0), 0.8, None)


def seen(number=1, box=(160.0, 120.0, 320.0, 360.0), age=41.2, gender="female", probability=0.91, uncertain=False):
    return TrackedFace(number, box, age, (33.0, 52.4), 0.8, gender, probability, uncertain)


class FakePredictor:
    """One face in every picture; waits at `gate`, and remembers how bright the pictures were."""

    def __init__(self):
        self.model = SimpleNamespace(config=SimpleNamespace(gender_uncertain_below=0.7))
        self.gate, self.started, self.greys = threading.Event(), threading.Event(), []

    def predict(self, photo):
        self.greys.append(photo.getpixel((5, 5))[0])
        self.started.set()
        assert self.gate.wait(WAIT_S)
        if self.greys[-1] > 250:
            raise PhotoError("too bright")
        return PhotoPrediction("image", *photo.size, 0, (face(),))


class Served:
    """A page with the Live tab alone."""

    def __init__(self):
        self.predictor, self.visitors = FakePredictor(), []
        with gr.Blocks(analytics_enabled=False) as self.demo:
            build_live_tab(self.predictor)
        launched = self.demo.queue().launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
        self.url = launched[1] + "gradio_api/"
        (self.fn,) = [fn for fn in self.demo.fns.values() if any(event == "stream" for _, event in fn.targets)]


class Visitor:
    """A browser's part in a stream: joins, sends pictures, reads the messages."""

    def __init__(self, served, name):
        self.served, self.name, self.messages = served, name, queue.Queue()
        self.event_id = self._post("queue/join", picture())["event_id"]
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        served.visitors.append(self)

    def _post(self, path, url=None):
        body = {"data": [{"url": url}, None], "fn_index": self.served.fn._id, "session_hash": self.name}
        return httpx.post(self.served.url + path, json=body, timeout=WAIT_S).json()

    def _listen(self):
        with httpx.stream("GET", self.served.url + f"queue/data?session_hash={self.name}", timeout=WAIT_S) as events:
            for line in events.iter_lines():
                if line.startswith("data:"):
                    self.messages.put(json.loads(line[5:]))

    def send(self, url):
        self._post(f"stream/{self.event_id}", url)

    def close(self):
        httpx.post(f"{self.served.url}stream/{self.event_id}/close", timeout=WAIT_S)

    def next(self, *kinds):
        """The next message of one of these kinds."""
        while True:
            message = self.messages.get(timeout=WAIT_S)
            if message["msg"] in kinds:
                return message

    def answer(self):
        """The HTML of the next answer, as one text."""
        message = self.next("process_streaming", "process_completed")
        assert message["success"], message
        return " ".join(value for value in message["output"]["data"] if isinstance(value, str))


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    page = Served()
    yield page
    page.predictor.gate.set()
    for visitor in page.visitors:
        visitor.close()
        visitor.listener.join(WAIT_S)
    page.demo.close()


def test_pictures_are_dropped_while_one_is_answered_and_the_newest_is_next(served):
    visitor = Visitor(served, "a")
    assert served.predictor.started.wait(WAIT_S)
    for grey in range(130, 240, 10):
        visitor.send(picture(grey))
    served.predictor.gate.set()
    assert "1 face in view." in visitor.answer()
    visitor.answer()
    assert served.predictor.greys == pytest.approx([120, 230], abs=2)
    visitor.send(picture(50))
    visitor.answer()
    assert served.predictor.greys[2:] == pytest.approx([50], abs=2)
    visitor.close()


def test_no_picture_is_kept_in_memory_or_in_a_file(served, tmp_path):
    served.predictor.gate.set()
    visitor = Visitor(served, "a")
    visitor.answer()
    visitor.send(picture(200))
    visitor.answer()
    state = served.demo.app.state_holder["a"]
    kept = json.dumps([state.config_values, state.state_data], default=str)
    assert "ga-live-box" in kept, "this is not where gradio keeps values"
    assert "image/jpeg" not in kept
    assert [path for path in (tmp_path / "gradio").rglob("*") if path.is_file()] == []


def test_streams_have_places_of_their_own_and_the_next_visitor_waits_for_one(served):
    assert served.fn.concurrency_id != "model"
    served.predictor.gate.set()
    first, *others = [Visitor(served, str(number)) for number in range(LIVE_VISITORS)]
    for visitor in (first, *others):
        visitor.next("process_starts")
    waiting = Visitor(served, "waiting")
    assert waiting.next("estimation", "process_starts")["msg"] == "estimation"
    for visitor in (first, *others):
        visitor.answer()
    assert "process_starts" not in [message["msg"] for message in list(waiting.messages.queue)]
    first.close()
    waiting.next("process_starts")
    assert "1 face in view." in waiting.answer()


def test_what_is_no_picture_gets_a_sentence_and_the_stream_goes_on(served, capfd):
    served.predictor.gate.set()
    visitor = Visitor(served, "a")
    visitor.answer()
    answers = []
    for url in ("data:image/jpeg;base64,AAAA", "file:///etc/passwd", picture(255), picture(100)):
        threading.Event().wait(TEXT_EVERY_S)
        visitor.send(url)
        answers.append(visitor.answer())
    assert "picture cannot be read" in answers[0]
    assert "picture cannot be read" in answers[1]
    assert "too bright" in answers[2]
    assert "1 face in view." in answers[3]
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "data:image/jpeg;base64,",
        "data:image/jpeg;base64,????",
        "data:image/jpeg;base64," + base64.b64encode(b"Dear all").decode(),
        picture(kind="PNG"),
        picture(kind="PNG").replace("image/png", "image/jpeg"),
        picture()[:-300],
        picture(size_wh=(5000, 8)),
        "data:image/jpeg;base64," + "A" * 1_600_000,
        "http://127.0.0.1/face.jpg",
    ],
    ids=["none", "empty", "no data", "no base64", "text", "png", "named jpeg", "cut", "long", "huge", "address"],
)
def test_what_is_no_picture_of_a_camera(url):
    assert camera_frame(ImageData(url=url)) is None


def test_no_payload_and_paths_are_no_picture(tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    assert camera_frame(None) is None
    assert camera_frame(ImageData(path=str(tmp_path / "a.jpg"))) is None


@pytest.mark.parametrize(
    ("size_wh", "wanted"), [((64, 48), (64, 48)), ((640, 480), (640, 480)), ((1920, 1440), (640, 480))]
)
def test_pictures_are_at_most_as_large_as_needed(size_wh, wanted):
    frame_rgb = camera_frame(ImageData(url=picture(77, size_wh)))
    assert frame_rgb.size == wanted
    assert max(frame_rgb.size) <= LONGEST_SIDE
    assert np.asarray(frame_rgb).mean() == pytest.approx(77, abs=2)
    assert frame_rgb.mode == "RGB"


def test_only_certain_faces_are_followed_and_texts_change_calmly():
    session = LiveSession(FaceTracker(0.7))
    assert session.rate.per_second is None
    faces = session.follow(PhotoPrediction("image", 64, 48, 0, (face(10), face(40, score=MIN_SCORE - 0.05))), 5.0)
    assert [one.number for one in faces] == [1]
    assert session.renews_texts(faces, 5.0)
    assert not session.renews_texts(faces, 5.0 + TEXT_EVERY_S / 2)
    assert session.renews_texts([*faces, seen(2)], 5.0 + TEXT_EVERY_S / 2), "a new face has to wait"
    assert session.renews_texts([*faces, seen(2)], 5.0 + 2 * TEXT_EVERY_S)
    session.numbers = None
    assert session.renews_texts([], 5.0 + 2 * TEXT_EVERY_S)


def test_after_a_pause_it_is_another_stream():
    session = LiveSession(FaceTracker(0.7))
    assert not session.is_over(100.0)
    session.follow(PhotoPrediction("image", 64, 48, 0, ()), 100.0)
    assert not session.is_over(100.0 + NEW_AFTER_S / 2)
    assert session.is_over(101.0 + NEW_AFTER_S)


def test_boxes_lie_where_the_faces_are():
    html = boxes_html([seen(), seen(2, (480.0, 20.0, 620.0, 200.0), uncertain=True)], (640, 480))
    html = re.sub("</?i>", "", html)
    first, second = re.findall(r'<div class="(ga-live-box[^"]*)" style="([^"]*)"><span>([^<]*)</span>', html)
    assert first[0] == "ga-live-box"
    assert first[1].startswith("left:25.00%;top:25.00%;width:25.00%;height:50.00%;")
    assert first[2] == "1 · female, 41"
    assert second[0] == "ga-live-box ga-live-right ga-live-inside"
    assert second[2] == "2 · female?, 41"
    assert "--ga-ratio:1.3333" in html
    assert 'aria-hidden="true"' in html
    assert "ga-live-box" not in boxes_html([], (640, 480))


def test_cards_say_all_in_words():
    html = cards_html([seen(), seen(3, age=99.8, gender="male", probability=0.999), seen(4, uncertain=True)])
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert words.startswith("1 41 years 80% interval: 33–52 years female probability 91% 3 100+ years")
    assert "male probability over 99%" in words
    assert words.count("uncertain") == 1
    assert cards_html([]) == ""


def test_sentences():
    assert [faces_in_view(number) for number in (0, 1, 2)] == [
        "No face in view.",
        "1 face in view.",
        "2 faces in view.",
    ]
    assert count_html("<b>") == '<p class="ga-live-count" role="status">&lt;b&gt;</p>'
    assert rate_html(None) == ""
    assert "<b>10</b> pictures a second" in rate_html(9.6)
    assert "<b>0.7</b> pictures a second" in rate_html(0.71)
