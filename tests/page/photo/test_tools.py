"""The tools below the photo: what the figure tells them, whose age is known, and that the model is not asked."""

import json
import re
from datetime import date
from html import unescape

import gradio as gr
import pytest

from page.photo.scripts import FOLDER, script
from page.photo.tools import HOPPER, OBAMA, PEOPLE, age_at, build_tools, faces_data, true_ages
from tests import fakes
from tests.conftest import REPOSITORY


def data_of(photo):
    (quoted,) = re.fullmatch(r' data-faces="([^"<>]*)"', faces_data(photo)).groups()
    return json.loads(unescape(quoted))


def example(name, *faces, size_wh):
    return fakes.photo(photo=name, width=size_wh[0], height=size_wh[1], faces=faces)


def test_a_face_in_shares_of_the_photo_and_in_words():
    face = fakes.face(box=(20, 10, 60, 60), age=40.6, age_interval=(31.0, 100.0), uncertain=True)
    assert data_of(fakes.photo(faces=(face,))) == [
        {
            "number": 1,
            "box": [0.1, 0.1, 0.2, 0.5],
            "age": "41",
            "years": 40.6,
            "interval": [31, 100],
            "range": "31–100+",
            "gender": "female, uncertain",
            "labels": ["1 · 41, female?", "1 · 41", "1"],
            "fill": "#E69F00",
            "ink": "#000000",
            "truth": None,
        }
    ]
    assert data_of(fakes.photo()) == []


def test_what_a_model_says_is_escaped():
    evil = '"><script>alert(1)</script><0>'
    (face,) = data_of(fakes.photo(faces=(fakes.face(gender=evil),)))
    assert face["gender"] == evil


def test_true_ages_are_those_of_the_examples():
    assert [age_at(date(2000, 5, 2), day) for day in (date(2010, 5, 1), date(2010, 5, 2))] == [9, 10]
    sources = (REPOSITORY / "examples" / "SOURCES.md").read_text(encoding="utf-8")
    for name, people in (("Grace Hopper", HOPPER), ("Barack Obama", OBAMA)):
        born, taken, age = re.search(rf"^\| {name}[^|]*\| ([^|]*) \| ([^|]*) \| (\d+) \|", sources, re.M).groups()
        assert [f"{day.day} {day:%B %Y}" for day in people] == [born, taken]
        assert age_at(*people) == int(age)
    assert all((REPOSITORY / "examples" / name).exists() for name in PEOPLE)


@pytest.mark.parametrize(
    ("name", "size_wh", "count", "wanted"),
    [
        ("hopper.jpg", (512, 600), 1, [77]),
        ("group.jpg", (1467, 600), 3, [None, 51, 77]),
        # Turned upright by the model.
        ("obama-turned.jpg", (640, 675), 1, [51]),
        ("collins.jpg", (512, 512), 1, [None]),
        # A visitor's own photo of this name; and one with a face more, or one that is hidden.
        ("hopper.jpg", (512, 601), 1, [None]),
        ("hopper.jpg", (512, 600), 2, [None, None]),
        ("group.jpg", (1467, 600), 2, [None, None]),
        ("hopper.jpg", (512, 600), 0, []),
    ],
)
def test_only_an_examples_own_faces_have_a_true_age(name, size_wh, count, wanted):
    assert true_ages(example(name, *(fakes.face(),) * count, size_wh=size_wh)) == wanted


def test_scripts_are_short_and_in_scopes_of_their_own():
    assert script("guess").startswith("{\n//")
    lengths = {path.name: len(path.read_text().splitlines()) for path in FOLDER.glob("*.js")}
    assert len(lengths) >= 6
    assert max(lengths.values()) <= 250


def test_an_earlier_photo_is_not_asked_about_and_nothing_is_kept():
    with gr.Blocks() as demo:
        photo, shown, kept = gr.Image(), [gr.HTML(), gr.HTML(), gr.JSON()], [gr.State(), gr.State()]
        details = gr.Accordion()
        build_tools(photo, shown, kept, details)
    events = list(demo.fns.values())
    assert {(event.api_visibility, event.queue) for event in events} == {("private", False)}
    asking = {event.name: event for event in events if event.fn is not None}
    assert set(asking) == {"go_back", "forget"}
    for name, event in asking.items():
        assert event.inputs == []
        updates = event.fn()
        assert set(updates) == set(event.outputs) == {*kept, details}
        assert [updates[state] for state in kept] == [None, None]
        assert updates[details]["visible"] == (name == "go_back")
