"""Many visitors at once: no error, no swapped answer, and a full queue that says so."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.utils import QueueError

import app
from gender_age.prediction import GenderAgePredictor
from page.server.memory import EVERY_S
from page.shared.settings import PHOTO_PLACES
from tests.conftest import REPOSITORY
from tests.fakes import age_of

from . import conftest
from .crowd import FULL, ask_together, own_photos
from .inputs import saved
from .measuring import MOST_MB, percentile, tree_mb
from .pages import Caller, PageProcess, given

MOST_YEARS_APART = 0.05
CLIENTS, TURNS = 50, 10


def test_every_client_gets_the_answer_to_its_own_photo(served, tmp_path):
    photos = own_photos(6)
    asked = ask_together(served.url, tmp_path, photos, turns=2)
    assert len(asked) == 12
    sizes = set()
    for one in asked:
        answer = one.answer
        assert answer["photo"] == f"client-{one.client}-{one.turn}.jpg"
        assert answer["error"] is None
        (face,) = answer["faces"]
        assert face["age"] == age_of((answer["width"], answer["height"]))
        sizes.add((answer["width"], answer["height"]))
    assert len(sizes) == len(photos), "the answers could not be told apart"


@pytest.fixture
def narrow(tmp_path, monkeypatch):
    """A page whose queue holds two; its model answers when it may."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    monkeypatch.setattr(app, "QUEUE_SIZE", 2)
    page = conftest.serve(tmp_path / "gradio")
    page.predictor.may_answer.clear()
    yield page
    page.predictor.may_answer.set()
    page.demo.close()


def waiting(page) -> int:
    return httpx.get(page.caller.url + "queue/status").json()["queue_size"]


def running(page) -> int:
    return page.demo._queue.get_active_worker_count()


def test_a_full_queue_is_a_sentence_at_once_and_those_who_wait_are_answered(narrow, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(saved("PNG"))
    answers = []

    def ask():
        answers.append(Caller(narrow.url).predict("a.png", saved("PNG")))

    places = PHOTO_PLACES["concurrency_limit"]
    visitors = [threading.Thread(target=ask) for _ in range(places + 2)]
    for number, visitor in enumerate(visitors, 1):
        visitor.start()
        # The first ones are answered, which takes as long as the test wants; the others wait.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and waiting(narrow) + running(narrow) < number:
            time.sleep(0.05)
    assert (running(narrow), waiting(narrow)) == (places, 2)

    begun = time.monotonic()
    client = Client(narrow.url, verbose=False, analytics_enabled=False)
    with pytest.raises(QueueError, match=FULL):
        client.predict(handle_file(str(path)), api_name="/predict")
    (uploaded,) = narrow.caller.upload("a.png", saved("PNG")).json()
    posted = httpx.post(f"{narrow.caller.url}call/predict", json={"data": [given(uploaded)]})
    assert posted.status_code == 503
    assert "Queue is full" in posted.json()["detail"]
    assert time.monotonic() - begun < 5

    narrow.predictor.may_answer.set()
    for visitor in visitors:
        visitor.join(30)
    assert [answer["error"] for answer in answers] == [None] * (places + 2)
    assert client.predict(handle_file(str(path)), api_name="/predict")["error"] is None


def test_the_queue_holds_as_many_as_is_documented(served):
    assert served.demo._queue.max_size == app.QUEUE_SIZE == 32


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_fifty_clients_with_ten_photos_each_without_and_with_hostile_files(tmp_path):
    right = [prediction.to_dict() for prediction in right_answers(CLIENTS, tmp_path)]
    assert sum(len(answer["faces"]) for answer in right) >= CLIENTS
    with PageProcess(tmp_path) as page:
        ask_together(page.url, tmp_path, own_photos(4), 5)  # as warm as it gets
        rounds = [crowded(page, tmp_path, with_hostile) for with_hostile in (False, True)]
        assert "Traceback" not in page.log
        assert page.is_alive()
    for this in rounds:
        assert len(this.asked) == CLIENTS * TURNS
        for one in this.asked:
            assert one["answer"]["photo"] == f"client-{one['client']}-{one['turn']}.jpg"
            compare(one["answer"], right[one["client"]])
        assert this.most_mb < MOST_MB
    calm, attacked = rounds
    assert attacked.p95_s < 3 * calm.p95_s
    assert attacked.rest_mb < calm.rest_mb * 1.05


@dataclass(frozen=True)
class Round:
    """What fifty clients were answered, and what page and workers held in memory: at most, and at rest afterwards."""

    asked: list[dict]
    most_mb: float
    rest_mb: float

    @property
    def p95_s(self) -> float:
        """Of the seconds until an answer."""
        return percentile([one["seconds"] for one in self.asked], 0.95)


def crowded(page: PageProcess, folder: Path, with_hostile: bool) -> Round:
    """Two processes ask for all clients."""
    before, samples, begun = tree_mb(page.pid), [], time.monotonic()
    share = CLIENTS // 2
    crowds = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.crowd", page.url, str(folder)]
            + [str(int(number)) for number in (first, share, TURNS, with_hostile)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in range(0, CLIENTS, share)
    ]
    sampler = threading.Thread(target=sample, args=(page, crowds, samples))
    sampler.start()
    asked = [one for crowd in crowds for one in json.loads(crowd.communicate(timeout=500)[0])]
    seconds = time.monotonic() - begun
    sampler.join()
    time.sleep(2 * EVERY_S)
    this = Round(asked, max(samples), tree_mb(page.pid))
    times = [one["seconds"] for one in asked]
    print(
        f"{'with' if with_hostile else 'without'} hostile files: {len(asked)} photos in {seconds:.0f} s; median "
        f"{percentile(times, 0.5):.2f} s, p95 {this.p95_s:.2f} s, longest {max(times):.2f} s; "
        f"{sum(one['refused'] for one in asked)} times the queue was full; memory {before:.0f} MB before, "
        f"{this.most_mb:.0f} MB at most, {this.rest_mb:.0f} MB after",
        flush=True,
    )
    return this


def right_answers(count, folder):
    """What the predictor says of every client's photo when it is asked directly."""
    predictor = GenderAgePredictor.from_pretrained(device="cpu")
    for number, data in enumerate(own_photos(count)):
        path = folder / f"right-{number}.jpg"
        path.write_bytes(data)
        yield predictor.predict(path)


def sample(page, crowds, samples):
    while any(crowd.poll() is None for crowd in crowds):
        samples.append(tree_mb(page.pid))
        time.sleep(0.5)


def compare(answer, right):
    """The same faces in the same places; the last digits depend on how many faces a batch has."""
    for key in ("width", "height", "rotation", "error"):
        assert answer[key] == right[key]
    assert len(answer["faces"]) == len(right["faces"])
    for face, expected in zip(answer["faces"], right["faces"], strict=True):
        assert face["box"] == expected["box"]
        assert face["gender"] == expected["gender"]
        assert abs(face["age"] - expected["age"]) < MOST_YEARS_APART
