"""The work for a visitor who leaves ends, over a real socket."""

import asyncio
import threading
import time

import httpx
import pytest
from PIL import Image

import app
from page.many import batch
from tests import fakes
from tests.page.live.test_tab import picture

PHOTOS, SECONDS = 40, 0.2


class Page:
    """The whole page around a slow model."""

    def __init__(self):
        self.predictor = fakes.FakePredictor(fakes.size_as_age, seconds=SECONDS)
        self.demo = app.build_demo(self.predictor)
        options = app.launch_options() | {"prevent_thread_lock": True, "quiet": True, "server_name": "127.0.0.1"}
        self.url = self.demo.launch(**options)[1]
        self.api = f"{self.url}gradio_api/"

    def upload(self, tmp_path, count):
        files = []
        for number in range(count):
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (40 + number, 30), "teal").save(path)
            files.append(("files", (path.name, path.read_bytes())))
        paths = httpx.post(self.api + "upload", files=files).json()
        return [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in paths]

    def number_of(self, name):
        return next(number for number, fn in self.demo.fns.items() if fn.name == name)

    def seconds_until_idle(self):
        begun = time.monotonic()
        while self.demo._queue.get_active_worker_count() and time.monotonic() - begun < 30:
            time.sleep(0.02)
        return time.monotonic() - begun

    def wait_for_photos(self, count):
        deadline = time.monotonic() + 20
        while len(self.predictor.seen) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.predictor.seen) >= count


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setattr(batch, "PORTION_S", 0.3)
        served = Page()
        yield served
        served.demo.close()


@pytest.fixture
def page(served):
    """Idle, and without memories of an earlier test."""
    served.seconds_until_idle()
    served.predictor.seen.clear()
    return served


def leave(url, **options):
    """Reads an event stream for half a second."""
    with pytest.raises(httpx.ReadTimeout), httpx.stream("GET", url, timeout=0.5, **options) as events:
        for _ in events.iter_lines():
            pass


def test_a_batch_of_a_program(page, tmp_path):
    photos = page.upload(tmp_path, PHOTOS)
    event = httpx.post(page.api + "call/predict_batch", json={"data": [photos]}).json()["event_id"]
    page.wait_for_photos(2)
    leave(f"{page.api}call/predict_batch/{event}")
    assert page.seconds_until_idle() < 2
    assert len(page.predictor.seen) < PHOTOS / 2


def test_a_batch_of_the_page(page, tmp_path):
    photos = page.upload(tmp_path, PHOTOS)
    body = {"data": [photos, 0.6, None], "fn_index": page.number_of("analyse_files"), "session_hash": "a visitor"}
    httpx.post(page.api + "queue/join", json=body).raise_for_status()
    with httpx.stream("GET", page.api + "queue/data", params={"session_hash": "a visitor"}) as events:
        lines = events.iter_lines()
        for _ in range(4):
            next(lines)
        page.wait_for_photos(1)
    assert page.seconds_until_idle() < 2
    assert 0 < len(page.predictor.seen) < PHOTOS / 2


def test_a_batch_that_is_waited_for_is_answered_whole(page, tmp_path):
    photos = page.upload(tmp_path, 5)
    event = httpx.post(page.api + "call/predict_batch", json={"data": [photos]}).json()["event_id"]
    text = httpx.get(f"{page.api}call/predict_batch/{event}", timeout=30).text
    assert text.startswith("event: complete")
    assert text.count('"error": null') == 5


def test_a_live_stream(page):
    body = {"data": [{"url": picture()}, None], "fn_index": page.number_of("look"), "session_hash": "another visitor"}
    httpx.post(page.api + "queue/join", json=body).raise_for_status()
    with httpx.stream("GET", page.api + "queue/data", params={"session_hash": "another visitor"}) as events:
        next(line for line in events.iter_lines() if "process_streaming" in line)
    assert page.seconds_until_idle() < 2


def test_a_tool_call(page, tmp_path):
    pytest.importorskip("mcp")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    address = picture()

    async def ask_and_leave():
        async with (
            streamable_http_client(page.api + "mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            await asyncio.wait_for(session.call_tool("predict_batch", {"photos": [address] * PHOTOS}), 2)

    def run():
        with pytest.raises(BaseException):  # noqa: B017, PT011  # a timeout, alone or in a group
            asyncio.run(ask_and_leave())

    asking = threading.Thread(target=run)
    asking.start()
    page.wait_for_photos(2)
    asking.join(20)
    assert page.seconds_until_idle() < 3
    assert len(page.predictor.seen) < PHOTOS
