"""The tab Why?: its events around a fake model, its maps, its words and its plot."""

import re

import gradio as gr
import numpy as np
import pytest
from gradio.state_holder import SessionState
from PIL import Image

from gender_age.alignment import DEFAULT_ALIGNMENT
from gender_age.explanation import FaceExplanation
from gender_age.results import PhotoPrediction
from page.shared.analysis import AnalysedPhoto
from page.shared.settings import PHOTO_PLACES
from page.why import tab as why_tab
from page.why.heatmap import SIDE, heat_map
from page.why.panel import face_label, nothing_html, panel_html
from page.why.tab import WAITING, build_why_tab
from tests import fakes
from tests.apart import run_apart

TEMPLATE = DEFAULT_ALIGNMENT.template
FACES = (
    fakes.face(box=(5, 10, 25, 40), age=40.4, age_interval=(30.0, 50.0)),
    fakes.face(
        box=(30, 10, 50, 40),
        gender="male",
        gender_probability=0.6,
        uncertain=True,
        age=98.0,
        age_interval=(90.0, 100.0),
    ),
)
CROPS = (Image.new("RGB", (32, 32), "teal"), Image.new("RGB", (32, 32), "maroon"))
PHOTO = AnalysedPhoto(fakes.photo(photo="a.jpg", width=60, height=50, faces=FACES), CROPS[0], CROPS)


def at(row, column, grid=6):
    """A map with one bright patch."""
    relevance = np.zeros((grid, grid), dtype=np.float32)
    relevance[row, column] = 1
    return relevance


def explanation(peak=40):
    distribution = np.full(101, 0.5 / 100, dtype=np.float32)
    distribution[peak] = 0.5
    return FaceExplanation(distribution, at(3, 2), at(0, 3))


class Tab:
    """The built tab, its events called as gradio calls them."""

    def __init__(self):
        with gr.Blocks() as self.demo:
            analysed = gr.State()
            with gr.Tabs(), gr.Tab("Why?") as tab:
                build_why_tab(fakes.FakePredictor(), analysed, tab)
        self.events = {event.name: event for event in self.demo.fns.values() if event.name != "fail"}
        self.failures = [event for event in self.demo.fns.values() if event.name == "fail"]
        self.shown = None

    def open(self, photo, asked=0):
        """The updates by element id; None where nothing changes."""
        updates = self.events["open_tab"].fn(photo, self.shown, asked)
        if updates == gr.skip():
            return None
        return self.by_id(updates)

    def by_id(self, updates):
        by_id = {component.elem_id: value for component, value in updates.items()}
        self.shown = by_id.pop(None)
        return by_id


@pytest.fixture
def explained(monkeypatch):
    """The crops that the model was asked about."""
    crops = []

    def explain(predictor, crop):
        crops.append(crop)
        return explanation()

    monkeypatch.setattr(why_tab, "explain_face", explain)
    return crops


@pytest.fixture
def tab(explained, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    return Tab()


def test_events_are_private_and_wait_for_the_model(tab):
    assert set(tab.events) == {"open_tab", "panel_of"}
    assert all(event.api_visibility == "private" for event in tab.failures)
    for event in tab.events.values():
        assert event.api_visibility == "private"
        assert event.concurrency_id == "model"
        assert event.concurrency_limit == PHOTO_PLACES["concurrency_limit"]


def test_opened_without_a_photo_it_keeps_saying_what_to_do(tab, explained):
    assert tab.open(None) is None
    initial = [block for block in tab.demo.blocks.values() if block.elem_id == "why-panel"]
    assert "Choose one on the Photo tab" in initial[0].value["html"]
    assert explained == []


def test_opened_with_a_photo_it_explains_the_first_face(tab, explained):
    updates = tab.open(PHOTO)
    assert explained == [CROPS[0]]
    assert "Face 1: 40, female" in updates["why-panel"]["html"]
    assert updates["why-face"]["choices"] == [("Face 1: 40, female", 1), ("Face 2: 98, male (uncertain)", 2)]
    assert updates["why-face"]["value"] == 1
    assert updates["why-face"]["visible"] is True


def test_opened_again_it_keeps_the_choice_until_the_photo_is_another(tab, explained):
    tab.open(PHOTO)
    assert tab.open(PHOTO) is None
    assert len(explained) == 1
    other = AnalysedPhoto(fakes.photo(photo="b.jpg", width=60, height=50, faces=FACES[1:]), CROPS[1], CROPS[1:])
    updates = tab.open(other)
    assert explained[1:] == [CROPS[1]]
    assert updates["why-face"]["visible"] is False, "a choice of one"
    cleared = tab.open(None)
    assert "Choose one on the Photo tab" in cleared["why-panel"]["html"]
    assert cleared["why-face"]["choices"] == []
    assert len(explained) == 2


def test_a_face_that_is_asked_for_is_explained_and_nothing_while_a_photo_is_analysed(tab, explained):
    assert tab.open(PHOTO, asked=WAITING) is None
    assert explained == []
    assert tab.open(PHOTO, asked=2)["why-face"]["value"] == 2
    assert tab.open(PHOTO, asked=1)["why-face"]["value"] == 1
    assert explained == [CROPS[1], CROPS[0]]
    assert tab.open(PHOTO) is None
    assert tab.open(None, asked=2)["why-face"]["value"] is None


def test_another_face_is_explained_when_chosen(tab, explained):
    panel = tab.events["panel_of"].fn(PHOTO, 2)
    assert explained == [CROPS[1]]
    assert "Face 2: 98, male (uncertain)" in panel["html"]


def test_pictures_are_files_that_gradio_deletes(tab, explained):
    panel = tab.events["panel_of"].fn(PHOTO, 1)
    assert re.findall(r'<img src="<(\d)>"', panel["html"]) == ["0", "1", "2"]
    assert "base64" not in panel["html"]
    pictures = [Image.open(entry["path"]) for entry in panel["files"]]
    assert [picture.size for picture in pictures] == [(SIDE, SIDE)] * 3
    wanted = (CROPS[0], heat_map(CROPS[0], at(3, 2)), heat_map(CROPS[0], at(0, 3)))
    for picture, drawn in zip(pictures, wanted, strict=True):
        difference = np.asarray(picture).astype(int) - np.asarray(drawn.resize(picture.size)).astype(int)
        assert np.abs(difference).mean() < 8, "a map is the picture of another"
    (sent,) = run_apart(tab.demo.postprocess_data(tab.events["panel_of"], panel, SessionState(tab.demo)))
    paths = {entry["path"] for entry in sent["files"]}
    assert len(paths) == 3
    assert paths <= set().union(*tab.demo.temp_file_sets)


def test_after_a_failure_no_panel_of_another_face_is_left_and_opening_again_tries_again(tab, explained):
    tab.open(PHOTO)
    assert len(tab.failures) == 2
    ends = {(event.trigger_after, event.trigger_only_on_failure, event.queue) for event in tab.failures}
    assert ends == {(event._id, True, False) for event in tab.events.values()}
    updates = tab.by_id(tab.failures[0].fn())
    assert "This face could not be explained." in updates["why-panel"]["html"]
    assert updates["why-face"]["visible"] is False
    assert "Face 1: 40, female" in tab.open(PHOTO)["why-panel"]["html"]
    tab.by_id(tab.failures[0].fn())
    assert "Choose one on the Photo tab" in tab.open(None)["why-panel"]["html"]


@pytest.mark.parametrize(("photo", "number"), [(None, 1), (PHOTO, 3), (PHOTO, None)])
def test_a_face_that_is_gone_is_a_note(tab, explained, photo, number):
    assert tab.events["panel_of"].fn(photo, number)["html"].startswith('<div class="ga-note')
    assert explained == []


def test_photos_without_faces_say_why(tab, explained):
    empty = AnalysedPhoto(fakes.photo(photo="<b>.jpg", width=60, height=50))
    assert "No face to explain in “&lt;b&gt;.jpg”" in tab.open(empty)["why-panel"]["html"]
    broken = PhotoPrediction.unusable("x.jpg", "“<x>” holds text")
    assert "“&lt;x&gt;” holds text" in nothing_html(broken)
    assert explained == []


def test_every_picture_has_a_text_alternative():
    panel = panel_html(1, FACES[0], CROPS[0].size, explanation(), TEMPLATE)
    seen, gender, age = re.findall(r'<img src="<\d>" alt="([^"]+)"', panel)
    assert seen == "Face 1 as the model saw it"
    assert gender.startswith("Heat map of the gender answer over face 1. Mostly the ")
    assert "hair and forehead" in age
    (plot,) = re.findall(r'role="img" aria-label="([^"]+)"', panel)
    assert "Expected age 40, 80% interval 30–50." in plot
    assert "The most likely single year is 40 (50%). Under 18: 9%." in plot
    assert panel.count("<svg") == panel.count('aria-hidden="true"') == 1


def test_the_bars_are_the_distribution():
    panel = panel_html(1, FACES[0], CROPS[0].size, explanation(peak=31), TEMPLATE)
    bars = re.findall(r'<rect class="(ga-in|ga-out)" x="([\d.]+)" y="([\d.]+)" width="0.8" height="([\d.]+)"', panel)
    assert len(bars) == 101
    heights = [float(height) for *_, height in bars]
    lines = [int(line) for line in re.findall(r"<b>(\d+)%</b>", panel)]
    assert lines == [0, 20, 40, 60]
    assert heights[31] == pytest.approx(50 / 60 * 100, abs=0.01)
    assert heights[30] == pytest.approx(0.5 / 60 * 100, abs=0.01)
    assert [index for index, bar in enumerate(bars) if bar[0] == "ga-in"] == list(range(30, 51))
    assert all(float(x) == pytest.approx(year + 0.1) for year, (_, x, *_) in enumerate(bars))


def test_the_table_holds_all_of_the_probability():
    panel = panel_html(1, FACES[0], CROPS[0].size, explanation(peak=100), TEMPLATE)
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td>', panel)
    assert [name for name, _ in rows] == [f"{low}–{low + 9}" for low in range(0, 90, 10)] + ["90–100+"]
    assert dict(rows)["90–100+"] == "55%"
    assert "The most likely single year is 100+" in panel


def test_labels():
    assert face_label(3, FACES[0]) == "Face 3: 40, female"
    assert face_label(1, FACES[1]) == "Face 1: 98, male (uncertain)"
