"""A video on the tab Many photos: dropped anywhere, followed, stopped."""

import pytest

from tests.gender_age.clips import Actor, moving, portrait, write_clip

from .steps import EXAMPLES, ONE_VIEW, first_in, open_tab, send, violations

CHOSEN = "#video-file td.filename >> text={}"
# Buttons of an input that lie over what stands beside the file's name.
COVERED = """(() => {
  const boxes = [...document.querySelectorAll('#video-file .icon-button, #video-file .download-link')]
    .map((each) => each.getBoundingClientRect());
  return boxes.length < 2 || boxes[0].bottom > boxes[1].top;
})()"""
# From what stands above the part to it.
GAP = """(() => {
  const part = document.querySelector('#many-video');
  const above = [...document.querySelectorAll('#many-analyse, #many-status')]
    .map((each) => each.getBoundingClientRect().bottom);
  return part.getBoundingClientRect().top - Math.max(...above);
})()"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    actors = [Actor(portrait("obama.jpg"), moving(0.2, 0.4, 2)), Actor(portrait("hopper.jpg"), moving(0.8, 0.6, 2))]
    return write_clip(tmp_path_factory.mktemp("clips") / "party.mp4", actors, size_wh=(960, 540))


@ONE_VIEW
def test_a_video_is_dropped_anywhere_also_among_photos(page, clip, tmp_path):
    open_tab(page, "Many photos")
    assert page.evaluate(GAP) < 80, "what is empty leaves a gap"
    assert send(page, "drop", "#tabs", clip, "video/mp4")
    page.wait_for_selector(CHOSEN.format("party"))
    other = clip.rename(tmp_path / "wedding.mp4")
    try:
        assert send(page, "drop", "#video-file", other, "video/mp4")
        page.wait_for_selector(CHOSEN.format("wedding"))
    finally:
        other.rename(clip)
    assert send(page, "drop", "#video-file", EXAMPLES / "obama.jpg")
    page.wait_for_selector("#many-files td.filename >> text=obama")
    assert page.locator(CHOSEN.format("wedding")).count() == 1
    assert page.locator(".toast-body.error").count() == 0


@first_in("phone-dark")
def test_people_of_a_video_are_shown_and_a_run_is_stopped(page, clip):
    open_tab(page, "Many photos")
    page.get_by_role("button", name="Follow people through a video").click()
    page.set_input_files("#video-file input[type=file]", str(clip))
    page.wait_for_selector(CHOSEN.format("party"))
    assert page.evaluate(COVERED) is False
    page.click("#video-follow")
    page.click("#video-cancel")
    page.wait_for_selector("#video-status >> text=Stopped.")
    page.click("#video-follow")
    page.wait_for_selector("#video-people img >> nth=1")
    assert "2 people found in 2 seconds of video" in page.inner_text("#video-status")
    page.wait_for_function("document.querySelector('#video-status').getBoundingClientRect().top < innerHeight / 4")
    page.wait_for_function("document.querySelector('#video-copy video').readyState > 0")
    assert page.locator("#video-copy").bounding_box()["y"] < page.viewport_size["height"] / 2
    assert page.locator("#video-csv").is_visible()
    page.dispatch_event("#video-copy video", "error")  # such as of a lost connection: the player says it
    assert page.locator("#video-copy video").is_visible()
    assert violations(page) == []
