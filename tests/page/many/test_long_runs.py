"""Runs that last longer than gradio keeps a state."""

import json
import threading
import time

import pytest

from gender_age.checkpoint import load_checkpoint
from gender_age.detection import MIN_SCORE
from gender_age.prediction import GenderAgePredictor
from page.many import batch, video_tab
from page.many import tab as many_tab
from tests import fakes
from tests.gender_age.clips import Actor, still, write_clip

from .visitor import FACES, Visitor, serve

# gradio looks every second for states that have expired.
STATE_SECONDS, EXPIRED_S = 5, 7


@pytest.fixture
def soon(tmp_path, monkeypatch):
    """States that expire soon, and a page's folder."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    for module in (many_tab, video_tab):
        monkeypatch.setattr(module, "STATE_SECONDS", STATE_SECONDS)


def test_a_run_of_photos_outlives_its_first_state(soon, files, monkeypatch):
    monkeypatch.setattr(batch, "PORTION_S", 0.2)
    demo, url = serve(fakes.FakePredictor(fakes.unless_white(*FACES), seconds=0.2))
    try:
        visitor = Visitor(url, demo)
        timer = threading.Timer(EXPIRED_S, lambda: visitor.trigger("stop", None))
        timer.start()
        end = visitor.analyse(*[files[0]] * 60)
        timer.join()
        assert "Stopped after" in end["many-status"], "Cancel does nothing"
        assert "Try again" not in json.dumps(visitor.trigger("end", None)), "the summary is written over"
        assert visitor.open(0, 1)["files"], "no row can be opened"
    finally:
        demo.close()


def test_cancel_before_a_run_that_has_waited_for_long(soon, files):
    demo, url = serve(fakes.FakePredictor(fakes.unless_white(*FACES)))
    try:
        visitor = Visitor(url, demo)
        visitor.trigger("start")
        time.sleep(EXPIRED_S)
        visitor.trigger("stop", None)
        outputs = visitor.trigger("analyse_files", visitor.upload(files[0]), MIN_SCORE, None)
        assert "Stopped after 0 of 1 photo" in json.dumps(outputs[-1]["data"])
    finally:
        demo.close()


def test_a_video_outlives_its_first_state(soon, tmp_path, tiny_model_folder, monkeypatch):
    sightings = video_tab.sightings

    def slow(*arguments):
        time.sleep(0.9)
        return sightings(*arguments)

    monkeypatch.setattr(video_tab, "sightings", slow)
    clip = write_clip(tmp_path / "a.mp4", [Actor(fakes.noise((64, 36)), still(0.5))], seconds=2, size_wh=(320, 180))
    detector = fakes.FakeDetector(fakes.if_wide(fakes.detected_face(box=(40, 30, 100, 100))))
    demo, url = serve(GenderAgePredictor(*load_checkpoint(tiny_model_folder, device="cpu"), detector))
    try:
        visitor = Visitor(url, demo)
        visitor.trigger("start_video")
        begun = time.monotonic()
        outputs = visitor.trigger("follow_people", *visitor.upload(clip), None)
        assert time.monotonic() - begun > EXPIRED_S, "the run is too short to show anything"
        assert "1 person found" in json.dumps(outputs[-1]["data"])
        assert "Try again" not in json.dumps(visitor.trigger("end_video", None)), "the summary is written over"
    finally:
        demo.close()
