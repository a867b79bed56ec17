"""The tab Photo: its events around a fake model, its thresholds, its files and its endpoint."""

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from gradio.state_holder import SessionState
from PIL import Image

from gender_age.detection import MIN_SCORE
from gender_age.results import PhotoPrediction
from page.inputs.archive import MAX_PHOTO_BYTES
from page.inputs.photo_files import GivenFile
from page.photo.cards import WELCOME
from page.photo.tab import LARGEST_PERCENT, SMALLEST_PERCENT
from page.shared.pictures import NOTHING
from page.shared.settings import CLEAN_EVERY_S, CLEAN_OLDER_S, PHOTO_PLACES, STATE_SECONDS
from page.shared.wording import rounded
from tests import fakes
from tests.apart import run_apart

from .built_tab import FACES, FLOORS, PHOTO, face


def test_a_photo_is_analysed_once_and_shown_under_any_thresholds(tab, photo):
    found = tab.choose(photo)
    updates, shown = tab.show(found)
    assert "3 faces found in “a beach.jpg”" in updates["summary"]
    assert updates["faces"]["html"].count('class="ga-box') == 3
    assert (
        updates["json"] == rounded(shown.prediction.to_dict()) == rounded(replace(PHOTO, photo="a beach.jpg").to_dict())
    )

    updates, shown = tab.show(found, 0.9, SMALLEST_PERCENT)
    assert "2 of 3 faces shown" in updates["summary"]
    assert shown.prediction.faces == (FACES[0], FACES[2])
    assert [crop.getpixel((0, 0))[0] for crop in shown.crops] == [5, 80]
    assert updates["json"]["faces"] == rounded([FACES[0].to_dict(), FACES[2].to_dict()])
    html = updates["faces"]["html"]
    assert html.count('class="ga-face"') == html.count('class="ga-box') == 2
    assert 'data-face="3"' not in html, "faces are not numbered anew"
    files = [Path(entry["path"]).name for entry in updates["faces"]["files"]]
    assert files == ["photo.jpg", "face-1.jpg", "face-3.jpg"]

    updates, shown = tab.show(found, 1.0, LARGEST_PERCENT)
    assert "0 of 3 faces shown" in updates["summary"]
    assert shown.prediction.faces == ()
    assert "<img" in updates["faces"]["html"], "the photo itself stays"

    assert tab.show(found)[1].prediction.faces == FACES
    assert len(tab.predictor.seen) == 1


def test_the_sliders_reach_down_to_the_detectors_floor(tab):
    sliders = {block.elem_id: block for block in tab.demo.blocks.values() if isinstance(block, gr.Slider)}
    assert (sliders["score"].minimum, sliders["score"].value, sliders["score"].maximum) == (MIN_SCORE, MIN_SCORE, 1)
    assert (sliders["smallest"].minimum, sliders["smallest"].value) == (1.0, 1.0)


def test_the_size_limit_is_named_whatever_the_sliders_hide(tab, photo):
    tab.predictor.answers = fakes.unless_white(*(face(x, 15, 0.9) for x in (5, 40, 80)), face(120, 60, 0.99))
    found = tab.choose(photo)
    for thresholds in (FLOORS, (0.95, SMALLEST_PERCENT)):
        updates, _ = tab.show(found, *thresholds)
        assert "Faces under about 20 pixels are not looked for." in updates["summary"]


def test_a_cleared_photo(tab):
    found = tab.choose(None)
    assert found is None
    updates, shown = tab.show(found)
    assert updates["summary"] == WELCOME
    assert updates["faces"] == NOTHING
    assert shown is None
    assert tab.predictor.seen == []


def test_a_photo_that_is_no_longer_kept_is_said_to_be_gone(tab):
    """After STATE_SECONDS gradio empties what was found, and the janitor forgets every state of an idle session."""
    assert tab.events["search"].outputs[0].time_to_live == STATE_SECONDS
    for name in ("score", "smallest"):
        (slider,) = [block for block in tab.demo.blocks.values() if block.elem_id == name]
        (moved,) = [event for event in tab.demo.fns.values() if (slider._id, "change") in event.targets]
        thresholds = iter(FLOORS)
        given = [None if block.stateful else next(thresholds) for block in moved.inputs]
        sent = run_apart(tab.demo.process_api(moved, given, SessionState(tab.demo)))["data"]
        assert "The photo is no longer kept here." in sent[0]
        assert sent[1]["files"] == NOTHING["files"]
        assert sent[-1] is None


SEARCHES = ("search", "search_address", "search_example", "search_stress_test")


@pytest.mark.parametrize("name", SEARCHES)
def test_the_answer_is_shown_after_every_search_and_a_failure_leaves_the_last_one(tab, name):
    search = tab.events[name]
    after = [event for event in tab.demo.fns.values() if event.trigger_after == search._id]
    shown, failed = sorted(after, key=lambda event: event.trigger_only_on_failure)
    assert (shown.name, shown.trigger_only_on_success, shown.queue) == ("show", True, False)
    assert (failed.fn, failed.outputs, failed.trigger_only_on_failure) == (None, [], True)


def test_no_face(tab, tmp_path):
    Image.new("RGB", (200, 100), "white").save(tmp_path / "snow.png")
    updates, shown = tab.show(tab.choose(str(tmp_path / "snow.png")))
    assert "No face was found in “snow.png”" in updates["summary"]
    assert updates["faces"]["html"].count("<img") == 1, "the photo itself is shown"
    assert shown.prediction.faces == ()


def test_an_unusable_photo(tab, tmp_path):
    (tmp_path / "notes.jpg").write_text("Dear all,")
    updates, shown = tab.show(tab.choose(str(tmp_path / "notes.jpg")), 0.9, 10.0)
    assert "“notes.jpg” is not a photo" in updates["summary"]
    assert updates["faces"] == NOTHING
    assert updates["json"]["error"] == shown.prediction.error
    assert tab.predictor.seen == []


def test_a_photo_that_could_not_be_had_is_an_answer(tab):
    given = GivenFile("far.jpg", None, "“far.jpg” could not be loaded.")
    found = tab.choose(given)
    wanted = PhotoPrediction.unusable("far.jpg", "“far.jpg” could not be loaded.")
    assert found.analysed.prediction == wanted
    assert tab.events["predict"].fn(given) == wanted.to_dict()
    assert tab.predictor.seen == []


def test_pictures_are_files_that_gradio_deletes(tab, photo):
    updates = tab.events["show"].fn(tab.choose(photo), *FLOORS)
    sent = run_apart(tab.demo.postprocess_data(tab.events["show"], updates, SessionState(tab.demo)))
    (figure,) = (value for value in sent if isinstance(value, dict) and "files" in value)
    assert [entry["url"] for entry in figure["files"]] == [
        f"/gradio_api/file={entry['path']}" for entry in figure["files"]
    ]
    known = set().union(*tab.demo.temp_file_sets)
    assert {entry["path"] for entry in figure["files"]} <= known
    assert len(figure["files"]) == 4


def test_one_endpoint_with_a_description(tab, photo):
    public = [event for event in tab.demo.fns.values() if event.api_visibility == "public"]
    assert [event.api_name for event in public] == ["predict"]
    assert public[0].fn(photo) == replace(PHOTO, photo="a beach.jpg").to_dict()
    assert len(tab.predictor.seen) == 1
    assert public[0].fn(photo, 0.9)["faces"] == rounded([FACES[0].to_dict(), FACES[2].to_dict()])
    assert public[0].fn(GivenFile("from afar.jpg", photo)) == replace(PHOTO, photo="from afar.jpg").to_dict()
    description, parameters, _ = gr.utils.get_function_description(public[0].fn)
    assert description.startswith("Finds every face in a photo")
    assert f"deleted within {(CLEAN_EVERY_S + CLEAN_OLDER_S) // 60} minutes" in description
    assert "upload of at most 200 MB" in parameters["photo"]
    assert f"none below {MIN_SCORE}" in parameters["min_score"]
    assert f"address of at most {MAX_PHOTO_BYTES // 2**20} MB" in parameters["photo"]
    for key in PHOTO.to_dict() | FACES[0].to_dict():
        assert key in public[0].fn.__doc__, f"{key} is not described"


def test_events_that_run_the_model_share_their_places(tab):
    running = [event.name for event in tab.demo.fns.values() if event.concurrency_id == "model"]
    assert sorted(running) == sorted(("predict", *SEARCHES))
    assert all(tab.events[name].concurrency_limit == PHOTO_PLACES["concurrency_limit"] for name in running)


@pytest.mark.parametrize(("typed", "taken"), [(80, 1.0), (-3, MIN_SCORE), (0.9, 0.9), (None, MIN_SCORE)])
def test_a_number_typed_out_of_range_is_moved_into_it(tab, typed, taken):
    (score,) = [block for block in tab.demo.blocks.values() if block.elem_id == "score"]
    assert score.preprocess(typed) == taken


def test_the_session_keeps_no_pixels_of_the_photo(tab, photo):
    found = tab.choose(photo)
    assert len(found.paths) == 1 + len(FACES)
    updates, shown = tab.show(found)
    assert found.analysed.display_rgb is shown.display_rgb is None
    assert len(shown.crops) == len(FACES)
    assert tab.show(found, 0.9, SMALLEST_PERCENT, event="show_again")[1].display_rgb is None
    assert updates["faces"] is not NOTHING
