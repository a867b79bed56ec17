"""The tab Live in a real browser whose camera shows a still clip of a portrait, with noise and a trembling hand."""

import base64
import json
import re
import statistics
import time
from contextlib import contextmanager
from urllib.request import Request, urlopen

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import WatchedPage
from tests.browser.steps import ALL_VIEWS, BROWSER_OPTIONS, CHROMIUM, EXAMPLES, FULL, PARAMETERS, open_tab, refuse

SIZE_WH, FRAMES, FRAMES_PER_SECOND = (640, 480), 20, 10
LIVE_MS = 20_000
# What looks the same in every view.
ONE_VIEW = pytest.mark.parametrize("live", ["phone-dark"], indirect=True)
ALLOW = "Click to Access Webcam"
BUTTON = "#live-camera .capture-button"
REFUSE = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
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
    """The open tab, before the camera was allowed."""
    with WatchedPage(camera_browser, page_url, *ALL_VIEWS[view], **options) as tab:
        tab.set_default_timeout(LIVE_MS)
        open_tab(tab, "Live")
        tab.locator("#live-camera").get_by_text(ALLOW).wait_for()
        yield tab


@pytest.fixture(params=PARAMETERS)
def live(camera_browser, page_url, request):
    with opened(camera_browser, page_url, request.param) as tab:
        yield tab


def allow_camera(page):
    page.locator("#live-camera").get_by_text(ALLOW).click()
    page.wait_for_selector(BUTTON)


def pressed(page):
    """The button, found as a screen reader would name it."""
    return page.locator("#live-camera").get_by_role("button")


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
    assert "Click on the picture to allow the camera" in live.inner_text("#live-count")
    allow_camera(live)
    assert pressed(live).inner_text().strip() == "Record"
    assert live.get_attribute(BUTTON, "aria-label") is None, "a screen reader hears something else than is written"
    live.focus(BUTTON)
    live.keyboard.press("Enter")
    live.wait_for_selector("#live-faces li")
    assert live.inner_text("#live-count").strip() == "1 face in view."
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
    content = live.evaluate(f"getComputedStyle(document.querySelector('{BUTTON}'), '::after').content")
    assert content == '"Stop"'

    live.click(BUTTON)
    live.wait_for_selector("#live-count >> text=Stopped")
    assert live.locator(".ga-live-box").count() == 0
    assert live.locator("#live-faces li").count() == 0
    sent = []
    live.on("request", lambda request: sent.append(request.url) if "/stream/" in request.url else None)
    live.wait_for_timeout(500)
    assert sent == []
    assert pressed(live).inner_text().strip() == "Record"

    live.click(BUTTON)
    live.wait_for_selector("#live-faces li")
    assert live.inner_text("#live-faces .ga-live-number") == "1"


@ONE_VIEW
def test_who_finds_no_place_is_told_and_gets_the_next(live, page_url):
    others = [Place(page_url, "other-1"), Place(page_url, "other-2")]
    allow_camera(live)
    live.click(BUTTON)
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
        allow_camera(page)
        page.click(BUTTON)
        page.wait_for_selector("#live-notes >> text=Stopped: too many people")
        page.wait_for_selector("#live-count >> text=Stopped")
        page.wait_for_timeout(500)
        assert 1 <= len(asked) <= 2, "the camera goes on asking"
        page.unroute_all()
        page.click(BUTTON)
        page.wait_for_selector("#live-faces li")
        assert not page.locator(".ga-live-problem").is_visible()


@ONE_VIEW
def test_without_permission_there_is_a_sentence(live):
    live.evaluate(REFUSE)
    live.locator("#live-camera").get_by_text(ALLOW).click()
    live.wait_for_selector("#live-notes >> text=The browser may not use the camera")


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
    allow_camera(live)
    live.click(BUTTON)
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
