"""The tab Live in a real browser with a camera."""

import base64
import json
import re
import statistics
import time
from urllib.request import Request, urlopen

from .camera import LIVE_MS, ONE_VIEW, START, start
from .conftest import opened_live
from .steps import EXAMPLES, FULL, first_in, refuse

REFUSE = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
}"""


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


@first_in("desktop-light", "live")
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
    with opened_live(camera_browser, page_url, "desktop-light", tolerated=f"status of {FULL}") as page:
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
