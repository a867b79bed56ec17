"""The Live tab over a real socket, driven as gradio's camera drives it; the model is a fake."""

import base64
import io
import json
import queue
import re
import threading
import time

import gradio as gr
import httpx
import pytest
from PIL import Image

from gender_age.errors import PhotoError
from page.live import tab as live_tab
from page.live.tab import (
    LIVE_VISITORS,
    TEXT_EVERY_S,
    build_live_tab,
)
from page.server.stream_turns import Turns
from tests import fakes

WAIT_S = 20
SHORT_TURN_S = 1


def picture(grey=120, size_wh=(64, 48), kind="JPEG"):
    stream = io.BytesIO()
    Image.new("RGB", size_wh, (grey,) * 3).save(stream, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def one_face(image_rgb):
    """One face in every picture that is not too bright."""
    if image_rgb.getpixel((0, 0))[0] > 250:
        raise PhotoError("too bright")
    return 0, (fakes.face(box=(20, 10, 36, 30)),)


class Served:
    """A page with the Live tab alone; its predictor answers when it may."""

    def __init__(self):
        self.predictor, self.visitors = fakes.FakePredictor(one_face), []
        self.predictor.may_answer.clear()
        with gr.Blocks(analytics_enabled=False) as self.demo:
            build_live_tab(self.predictor)
        launched = self.demo.queue().launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
        self.url = launched[1] + "gradio_api/"
        (self.fn,) = [fn for fn in self.demo.fns.values() if any(event == "stream" for _, event in fn.targets)]

    @property
    def greys(self):
        """How bright the pictures were that the model saw."""
        return [red for red, _, _ in self.predictor.seen]


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
def short_turns(monkeypatch):
    monkeypatch.setattr(live_tab, "Turns", lambda seconds: Turns(SHORT_TURN_S))


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    page = Served()
    yield page
    page.predictor.may_answer.set()
    for visitor in page.visitors:
        visitor.close()
        visitor.listener.join(WAIT_S)
    page.demo.close()


def test_pictures_are_dropped_while_one_is_answered_and_the_newest_is_next(served):
    visitor = Visitor(served, "a")
    assert served.predictor.started.wait(WAIT_S)
    for grey in range(130, 240, 10):
        visitor.send(picture(grey))
    served.predictor.may_answer.set()
    assert "1 face in view." in visitor.answer()
    visitor.answer()
    assert served.greys == pytest.approx([120, 230], abs=2)
    visitor.send(picture(50))
    visitor.answer()
    assert served.greys[2:] == pytest.approx([50], abs=2)
    visitor.close()


def test_no_picture_is_kept_in_memory_or_in_a_file(served, tmp_path):
    served.predictor.may_answer.set()
    visitor = Visitor(served, "a")
    visitor.answer()
    visitor.send(picture(200))
    visitor.answer()
    state = served.demo.app.state_holder["a"]
    kept = json.dumps([state.config_values, state.state_data], default=str)
    assert "ga-live-box" in kept, "this is not where gradio keeps values"
    assert "data:image/jpeg" not in kept
    assert [path for path in (tmp_path / "gradio").rglob("*") if path.is_file()] == []


def test_streams_have_places_of_their_own_and_the_next_visitor_waits_for_one(served):
    assert served.fn.concurrency_id != "model"
    served.predictor.may_answer.set()
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


def test_a_turn_ends_by_the_clock_however_little_was_computed(short_turns, served):
    """gradio's own limit counts the milliseconds of computing, of which there are hardly any here."""
    served.predictor.may_answer.set()
    visitor = Visitor(served, "a")
    visitor.answer()
    time.sleep(SHORT_TURN_S)
    visitor.send(picture(130))
    ended = visitor.next("process_streaming", "process_completed")
    assert (ended["msg"], ended["success"]) == ("process_completed", True)
    assert "ga-live-box" in json.dumps(ended["output"]), "the turn's last picture has no answer"
    # Back in the queue the same visitor has a new turn.
    visitor = Visitor(served, "a")
    visitor.answer()
    visitor.send(picture(140))
    assert visitor.next("process_streaming", "process_completed")["msg"] == "process_streaming"


def test_the_page_is_told_of_a_stream_that_fails_and_of_nothing_else(served):
    """After a turn the camera goes on, and only the visitor's own browser knows whether it was stopped."""
    (end,) = [fn for fn in served.demo.fns.values() if fn.trigger_after == served.fn._id]
    assert (end.trigger_only_on_failure, end.fn) == (True, None)


def test_every_answer_differs_from_the_last(served):
    """By that the browser knows that there is one."""
    served.predictor.may_answer.set()
    visitor = Visitor(served, "a")
    answers = [visitor.answer()]
    for _ in range(2):
        visitor.send(picture())
        answers.append(visitor.answer())
    assert [number for answer in answers for number in re.findall(r'data-picture="(\d+)"', answer)] == ["1", "2", "3"]


def test_what_is_no_picture_gets_a_sentence_and_the_stream_goes_on(served, capfd):
    served.predictor.may_answer.set()
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
