"""The camera of the tab Live is off when it should be, is saved when asked, and looks both ways."""

import time

import gradio as gr
import numpy as np
from PIL import Image

from page.live import tab as live_tab
from page.server.stream_turns import Turns
from tests import fakes

from .camera import LIVE_MS, OFF, ONE_VIEW, SIZE_WH, SLOW_CAMERA, START, STOP, is_off, start, track
from .steps import open_tab, violations

# A front and a back camera, as a phone has them.
TWO_CAMERAS = """() => {
  const { mediaDevices } = navigator, asked = window.asked = [], open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.enumerateDevices = async () => ['a', 'b'].map((deviceId) => ({ kind: 'videoinput', deviceId }));
  mediaDevices.getUserMedia = async (wanted) => {
    const { facingMode } = wanted.video, stream = await open({ video: { width: 640, height: 480 } });
    asked.push(facingMode);
    stream.getVideoTracks()[0].getSettings = () => ({ facingMode, deviceId: facingMode });
    return stream;
  };
}"""
# A video that never begins to play.
SLOW_VIDEO = """() => {
  const video = document.querySelector('#live-camera video');
  video.play = () => new Promise((_, refuse) => {
    window.refuse = () => refuse(new DOMException('interrupted', 'AbortError'));
  });
}"""


@ONE_VIEW
def test_off_is_off(live):
    """After Stop, on another tab, while the page is hidden, and while the picture is frozen."""
    start(live)
    assert violations(live) == []
    sent = track(live)
    live.click(STOP)
    live.wait_for_selector(OFF)
    assert is_off(live, sent)
    assert not live.locator(".ga-live-box").first.is_visible()
    assert not live.locator("#live-faces li").first.is_visible()

    start(live)
    assert live.inner_text("#live-faces .ga-live-number") == "1"
    sent = track(live)
    open_tab(live, "Photo")
    assert is_off(live, sent)
    open_tab(live, "Live")
    live.wait_for_selector(OFF)

    start(live)
    sent = track(live)
    live.evaluate(
        """() => {
          Object.defineProperty(document, 'hidden', { value: true, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
          delete document.hidden;
        }"""
    )
    assert is_off(live, sent)

    start(live)
    sent = track(live)
    live.click("text=Freeze")
    assert is_off(live, sent)
    assert violations(live) == []
    assert live.locator("#live-faces li").is_visible()
    assert live.locator(".ga-live-rate").is_hidden(), "a rate of a camera that is off"
    with live.expect_download() as download:
        live.click("text=Save the picture")
    picture = Image.open(download.value.path())
    assert (picture.format, picture.size) == ("JPEG", SIZE_WH)
    marked = (np.abs(np.asarray(picture, np.int16) - (0xE6, 0x9F, 0)).max(-1) < 24).mean()
    assert 0.002 < marked < 0.2, "the face is not marked"
    live.click("text=Live again")
    live.wait_for_selector("text=Freeze")


@ONE_VIEW
def test_a_camera_that_opens_after_stop_is_closed_again(live):
    live.evaluate(SLOW_CAMERA)
    for button in (START, STOP, START):
        live.click(button)
    live.wait_for_function("held.length === 2")
    live.evaluate("held.forEach((go) => go())")
    live.wait_for_selector("[data-live=live]")
    live.wait_for_function("streams.length === 2")
    live.click(STOP)
    live.wait_for_selector(OFF)
    tracks = live.evaluate("streams.flatMap((each) => each.getTracks()).map((each) => each.readyState)")
    assert tracks == ["ended", "ended"], "the camera is on, and the page says that it is off"

    live.evaluate(SLOW_VIDEO)
    live.click(START)
    live.wait_for_function("held.length === 3")
    live.evaluate("held[2]()")
    live.wait_for_function("'refuse' in window")
    live.click(STOP)
    live.evaluate("refuse()")
    live.wait_for_timeout(100)
    assert live.locator(OFF).is_visible(), "Stop is called a camera that could not be opened"


@ONE_VIEW
def test_front_and_back_camera(live):
    live.evaluate(TWO_CAMERAS)
    start(live)
    mirrored = "getComputedStyle(document.querySelector('#live-camera video')).transform.startsWith('matrix(-1')"
    assert live.evaluate(mirrored)
    track(live)
    left = live.locator(".ga-live-box").bounding_box()["x"]
    live.click("#live-controls >> text=Other camera")
    live.wait_for_selector("[data-live=live]")
    assert live.evaluate("asked") == ["user", "environment"]
    assert live.evaluate("track.readyState") == "ended"
    assert not live.evaluate(mirrored), "what the back camera shows is the wrong way round"
    width = live.viewport_size["width"]
    box = live.locator(".ga-live-box").bounding_box()
    assert abs(width - box["x"] - box["width"] - left) < 12, "the boxes are not where the faces are"
    live.click("#live-controls >> text=Other camera")
    live.wait_for_selector("[data-live=live]")
    assert live.evaluate("asked") == ["user", "environment", "user"]


def test_the_end_of_a_turn_is_no_stop(camera_browser, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(live_tab, "Turns", lambda seconds: Turns(0.5))
    predictor = fakes.FakePredictor(lambda image: (0, [fakes.face(box=(160, 120, 320, 360))]))
    with gr.Blocks(analytics_enabled=False) as demo:
        live_tab.build_live_tab(predictor)
    _, url, _ = demo.queue().launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    tab = camera_browser.new_page()
    try:
        tab.goto(url)
        joined = []
        tab.on("request", lambda request: joined.append(1) if "/queue/join" in request.url else None)
        start(tab)
        tab.evaluate(
            """() => {
              const row = document.querySelector('#live-row'), note = () => window.said.push(row.innerText);
              window.said = [];
              new MutationObserver(note).observe(row, { childList: true, subtree: true, characterData: true });
            }"""
        )
        deadline = time.monotonic() + LIVE_MS / 1000
        while len(joined) < 4 and time.monotonic() < deadline:
            tab.wait_for_timeout(50)
        said = tab.evaluate("said")
        assert len(joined) >= 4, "no turn has ended"
        assert len(said) > 3
        assert [text for text in said if "face in view" not in text or "off" in text.split()] == []
    finally:
        tab.close()
        demo.close()
