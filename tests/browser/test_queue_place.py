"""The place in the queue that a waiting photo is told: in a queue that really is long, and in one that is full."""

import re
import threading
import time
from contextlib import suppress

import httpx
import pytest

import app
from page.shared.settings import PHOTO_PLACES
from tests.robustness.pages import Caller, PageProcess, given

from .conftest import WatchedPage
from .steps import EXAMPLES, FULL, VIEWS, choose

AHEAD, SECONDS = 4, 0.8
RUNNING = PHOTO_PLACES["concurrency_limit"]
# Of a visitor, who may find the place that was free for a moment.
TRIES = 4
PHOTO = EXAMPLES / "obama.jpg"
RECORDED = """() => {
  const step = document.querySelector('#waiting p span');
  window.told = [];
  new MutationObserver(() => window.told.push(step.textContent)).observe(step, { childList: true });
}"""


@pytest.fixture
def slow_url(tmp_path):
    with PageProcess(tmp_path, "--fake", "--seconds", str(SECONDS)) as running:
        yield running.url


def crowd(url, number):
    """So many programs ask about a photo, and again after each answer and refusal; returns once all have asked."""
    asked = threading.Semaphore(0)
    caller = Caller(url)
    (path,) = caller.upload(PHOTO.name, PHOTO.read_bytes()).raise_for_status().json()

    def ask_on():
        with suppress(httpx.HTTPError):  # the page ends first
            while True:
                answer = httpx.post(f"{caller.url}call/predict", json={"data": [given(path)]}, timeout=60)
                asked.release()
                if answer.status_code == FULL:
                    time.sleep(0.05)
                else:
                    httpx.get(f"{caller.url}call/predict/{answer.json()['event_id']}", timeout=60)

    for _ in range(number):
        threading.Thread(target=ask_on, daemon=True).start()
    for _ in range(number):
        assert asked.acquire(timeout=60)


@pytest.mark.slow
def test_the_place_is_true_and_a_full_queue_is_said(browser, slow_url):
    with WatchedPage(browser, slow_url, *VIEWS["phone-dark"], tolerated=f"status of {FULL}") as page:
        page.evaluate(RECORDED)
        crowd(slow_url, RUNNING + AHEAD)
        choose(page, PHOTO)
        page.wait_for_selector(f"#summary >> text={PHOTO.name}")
        told = page.evaluate("window.told")
        places = [tuple(map(int, found.groups())) for each in told if (found := re.search(r"(\d+) of (\d+)", each))]
        assert 2 <= places[0][0] <= AHEAD + 1, told
        assert all(place <= waiting for place, waiting in places), told
        assert [place for place, _ in places] == sorted((place for place, _ in places), reverse=True), told
        assert told[-1] == "is being analysed…"
        assert told.count(told[-1]) == 1, "analysed before its turn"

        crowd(slow_url, app.QUEUE_SIZE + RUNNING)
        for _ in range(TRIES):
            choose(page, PHOTO)
            page.wait_for_function("!('waiting' in document.querySelector('#stage').dataset)")
            if page.is_visible("#waiting .ga-failed"):
                break
        page.wait_for_selector("#waiting .ga-failed >> text=Too many people are asking at this moment")
        assert PHOTO.name in page.inner_text("#summary")
