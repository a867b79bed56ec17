"""The tab Live in a real browser whose camera shows a still clip of a portrait, with noise and a trembling hand."""

import base64
import json
import re
import statistics
import time
from contextlib import contextmanager
from urllib.request import Request, urlopen

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from page.live import tab as live_tab
from page.server.stream_turns import Turns
from tests import fakes
from tests.browser.conftest import WatchedPage
from tests.browser.steps import ALL_VIEWS, BROWSER_OPTIONS, CHROMIUM, EXAMPLES, FULL, PARAMETERS, open_tab, refuse

SIZE_WH, FRAMES, FRAMES_PER_SECOND = (640, 480), 20, 10
LIVE_MS = 20_000
# What looks the same in every view.
ONE_VIEW = pytest.mark.parametrize("live", ["phone-dark"], indirect=True)
START, STOP = ".ga-live-start", ".ga-live-stop"
OFF = "text=The camera is off. No pictures are sent."
REFUSE = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
}"""
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


def write_clip(path):
    """The example's portrait as raw video (https://wiki.multimedia.cx/index.php/YUV4MPEG2)."""
    photo = Image.open(EXAMPLES / "obama.jpg").convert("RGB")
    scale = max(wanted / side for wanted, side in zip(SIZE_WH, photo.size, strict=True))
    photo = photo.resize([round(side * scale) for side in photo.size])
    left = (photo.width - SIZE_WH[0]) // 2
    pixels = np.asarray(photo.crop((left, 0, left + SIZE_WH[0], SIZE_WH[1])).convert("YCbCr")).astype(np.float32)
    generator = np.random.default_rng(0)
    with path.open("wb") as clip:
        clip.write(f"YUV4MPEG2 W{SIZE_WH[0]} H{SIZE_WH[1]} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(FRAMES):
            moved = np.roll(pixels, generator.integers(-1, 2, 2), axis=(0, 1))
            noisy = (moved + generator.normal(0, 2, pixels.shape)).clip(0, 255).astype(np.uint8)
            planes = noisy[..., 0], noisy[::2, ::2, 1], noisy[::2, ::2, 2]
            clip.write(b"FRAME\n" + b"".join(plane.tobytes() for plane in planes))


@pytest.fixture(scope="module")
def camera_browser(playwright, tmp_path_factory):
    clip = tmp_path_factory.mktemp("camera") / "clip.y4m"
    write_clip(clip)
    options = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_OPTIONS, *options])
    yield running
    running.close()


@contextmanager
def opened(camera_browser, page_url, view, **options):
    """The open tab, before the camera is started."""
    with WatchedPage(camera_browser, page_url, *ALL_VIEWS[view], **options) as tab:
        tab.set_default_timeout(LIVE_MS)
        open_tab(tab, "Live")
        tab.wait_for_selector(START)
        yield tab


@pytest.fixture(params=PARAMETERS)
def live(camera_browser, page_url, request):
    with opened(camera_browser, page_url, request.param) as tab:
        yield tab


def start(page):
    """Starts the camera, and waits for the first answer."""
    page.click(START)
    page.wait_for_selector("#live-faces li")


def track(page):
    """Keeps the camera's track, and counts the pictures that are sent from now on."""
    sent = []
    page.evaluate("window.track = document.querySelector('#live-camera video').srcObject.getTracks()[0]")
    page.on("request", lambda request: sent.append(request.url) if "/stream/" in request.url else None)
    return sent


def is_off(page, sent) -> bool:
    """Whether the camera's light is out and nothing is sent, half a second later either."""
    page.wait_for_function("track.readyState === 'ended'")
    sent.clear()
    page.wait_for_timeout(500)
    # Those that end the stream.
    return [url for url in sent if not url.endswith("/close")] == []


class Place:
    """Another visitor who holds one of the places, without a browser."""

    def __init__(self, page_url, name):
        self.api = page_url + "gradio_api/"
        config = json.load(urlopen(page_url + "config", timeout=10))
        (stream,) = [
            one["id"] for one in config["dependencies"] if any(event == "stream" for _, event in one["targets"])
        ]
        picture = base64.b64encode((EXAMPLES / "collins.jpg").read_bytes()).decode()
        data = [{"url": f"data:image/jpeg;base64,{picture}"}, None]
        self.event_id = self._post("queue/join", {"data": data, "fn_index": stream, "session_hash": name})["event_id"]

    def _post(self, path, body):
        headers = {"Content-Type": "application/json"}
        return json.load(urlopen(Request(self.api + path, json.dumps(body).encode(), headers), timeout=10))

    def leave(self):
        self._post(f"stream/{self.event_id}/close", {})


def test_a_face_is_followed_with_a_steady_age(live):
    assert live.get_by_role("button", name="Start the camera").is_visible()
    assert "No picture is sent before you start" in live.inner_text("#live-controls")
    live.focus(START)
    live.keyboard.press("Enter")
    live.wait_for_selector("#live-faces li")
    assert live.inner_text("#live-count").strip() == "1 face in view."
    assert live.evaluate("document.activeElement.textContent") == "Stop", "the focus is lost with the pressed button"
    live.wait_for_timeout(500)
    ages, numbers, lefts = [], set(), []
    for _ in range(8):
        live.wait_for_timeout(200)
        ages.append(int(re.search(r"(\d+)\+? years", live.inner_text("#live-faces li")).group(1)))
        numbers.add(live.inner_text("#live-faces .ga-live-number"))
        lefts.append(live.locator(".ga-live-box").bounding_box()["x"])
    assert numbers == {"1"}
    assert statistics.pstdev(ages) <= 0.5
    assert statistics.pstdev(lefts) < 4
    assert re.search(r"[\d.]+ pictures a second", live.inner_text("#live-faces"))
    assert re.search(r"1 · (fe)?male\??, \d+", live.inner_text("#live-boxes"))
    # The box lies over the face: the portrait's is in the middle, in the upper half of the video.
    video, box = live.locator("#live-camera video").bounding_box(), live.locator(".ga-live-box").bounding_box()
    assert 0.3 < (box["x"] + box["width"] / 2 - video["x"]) / video["width"] < 0.7
    assert 0.1 < (box["y"] + box["height"] / 2 - video["y"]) / video["height"] < 0.5


@ONE_VIEW
def test_off_is_off(live):
    """After Stop, on another tab, and while the picture is frozen."""
    start(live)
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
    live.click("text=Freeze")
    assert is_off(live, sent)
    assert live.locator("#live-faces li").is_visible()
    with live.expect_download() as download:
        live.click("text=Save the picture")
    picture = Image.open(download.value.path())
    assert (picture.format, picture.size) == ("JPEG", SIZE_WH)
    marked = (np.abs(np.asarray(picture, np.int16) - (0xE6, 0x9F, 0)).max(-1) < 24).mean()
    assert 0.002 < marked < 0.2, "the face is not marked"
    live.click("text=Live again")
    live.wait_for_selector("text=Freeze")


@ONE_VIEW
def test_front_and_back_camera(live):
    live.evaluate(TWO_CAMERAS)
    start(live)
    mirrored = "getComputedStyle(document.querySelector('#live-camera video')).transform.startsWith('matrix(-1')"
    assert live.evaluate(mirrored)
    track(live)
    left = live.locator(".ga-live-box").bounding_box()["x"]
    live.click("text=Other camera")
    live.wait_for_selector("[data-live=live]")
    assert live.evaluate("asked") == ["user", "environment"]
    assert live.evaluate("track.readyState") == "ended"
    assert not live.evaluate(mirrored), "what the back camera shows is the wrong way round"
    width = live.viewport_size["width"]
    box = live.locator(".ga-live-box").bounding_box()
    assert abs(width - box["x"] - box["width"] - left) < 12, "the boxes are not where the faces are"
    live.click("text=Other camera")
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


@ONE_VIEW
def test_who_finds_no_place_is_told_and_gets_the_next(live, page_url):
    others = [Place(page_url, "other-1"), Place(page_url, "other-2")]
    live.click(START)
    try:
        live.wait_for_selector("#live-notes >> text=2 other visitors are live", state="visible")
        assert live.locator("#live-faces li").count() == 0
    finally:
        for other in others:
            other.leave()
    live.wait_for_selector("#live-faces li")
    assert not live.locator(".ga-live-wait").is_visible()


def test_where_the_queue_is_full_the_camera_stops_and_may_be_started_again(camera_browser, page_url):
    asked = []
    with opened(camera_browser, page_url, "desktop-light", tolerated=f"status of {FULL}") as page:
        page.on("request", lambda request: asked.append(request.url) if "/queue/join" in request.url else None)
        refuse(page)
        page.click(START)
        page.wait_for_selector("#live-controls >> text=Stopped: too many people")
        page.wait_for_timeout(500)
        assert 1 <= len(asked) <= 2, "the camera goes on asking"
        page.unroute_all()
        start(page)
        assert "Stopped" not in page.inner_text("#live-controls")


@ONE_VIEW
def test_without_permission_or_camera_there_is_a_sentence_and_nothing_jumps(live):
    place = live.locator("#live-notes").bounding_box()
    live.evaluate(REFUSE, "NotAllowedError")
    live.click(START)
    live.wait_for_selector("#live-controls >> text=The browser may not use the camera")
    live.evaluate(REFUSE, "NotFoundError")
    live.click(START)
    live.wait_for_selector("#live-controls >> text=No camera was found")
    assert live.locator("#live-notes").bounding_box() == place, "the sentence moves what is below"


@ONE_VIEW
def test_on_a_slow_line_pictures_do_not_pile_up(live):
    """Each picture takes a second to arrive; the camera takes ten meanwhile."""
    underway, most, sent = 0, 0, 0

    def slowly(route):
        nonlocal underway, most, sent
        underway, sent = underway + 1, sent + 1
        most = max(most, underway)
        arrivals.append((time.monotonic() + 1, route))

    arrivals = []
    live.route(re.compile(r"/stream/[0-9a-f]+$"), slowly)
    live.click(START)
    ends = time.monotonic() + LIVE_MS / 1000
    seen = False
    while time.monotonic() < ends:
        live.wait_for_timeout(50)
        if not seen and live.locator("#live-faces li").count():
            seen, ends = True, time.monotonic() + 2
        while arrivals and arrivals[0][0] <= time.monotonic():
            arrivals.pop(0)[1].continue_()
            underway -= 1
    assert seen
    for _, route in arrivals:
        route.continue_()
    live.unroute_all(behavior="wait")
    assert sent >= 3, "the pictures went another way"
    assert most <= 2
