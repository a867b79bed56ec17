"""What a visitor does with an answer: shares it, guesses first, goes back to the last photos of the visit.

All of it runs in the browser, on what the page shows already; the model and the server are not asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from html import escape

import gradio as gr
from PIL import Image

from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.drawing import face_colours, label_texts
from ..shared.settings import KEPT_MINUTES, ROOT
from ..shared.wording import shown_age
from .scripts import script

# Born, and photographed, as examples/SOURCES.md says; nobody whose day of the photo is unknown.
HOPPER = (date(1906, 12, 9), date(1984, 1, 20))
OBAMA = (date(1961, 8, 4), date(2012, 12, 6))
# The people of an example from left to right; None where the true age is not known for sure.
PEOPLE = {
    "group.jpg": (None, OBAMA, HOPPER),
    "hopper.jpg": (HOPPER,),
    "hopper-small-dim.jpg": (HOPPER,),
    "obama.jpg": (OBAMA,),
    "obama-turned.jpg": (OBAMA,),
}

TOOLS = """<div class="ga-tools" role="group" aria-label="More to do with a photo">
<button type="button" class="ga-tool" data-tool="share" aria-haspopup="dialog" hidden>Share the picture</button>
<button type="button" class="ga-tool" data-tool="guess" aria-pressed="false">Guess first</button></div>
<dialog class="ga-dialog ga-share-dialog" aria-labelledby="ga-share-title">
<div class="ga-dialog-top"><h2 id="ga-share-title">Share the picture</h2>
<button type="button" class="ga-tool" data-do="close">Close</button></div>
<img class="ga-preview" alt="">
<div class="ga-choices"><label>Picture <select name="what"></select></label>
<label>Pixelate <select name="only"></select></label></div>
<p class="ga-small ga-blur-note" hidden>Only faces with a box on the page are pixelated: look at the picture first.</p>
<div class="ga-tools"><button type="button" class="ga-tool ga-main" data-do="send" hidden>Send to…</button>
<button type="button" class="ga-tool" data-do="save">Save</button>
<button type="button" class="ga-tool" data-do="copy">Copy</button></div>
<p class="ga-said" role="status"></p></dialog>"""
GUESS = """<section class="ga-guess" aria-label="Guess first" hidden></section>
<p class="ga-unseen" role="status"></p>"""
STRIP = f"""<section class="ga-strip" aria-label="Photos of this visit" data-minutes="{KEPT_MINUTES}" hidden>
<ol class="ga-thumbs"></ol>
<div class="ga-tools">
<button type="button" class="ga-tool" data-tool="compare" aria-haspopup="dialog" hidden>Compare</button>
<button type="button" class="ga-tool" data-tool="forget">Forget my photos now</button></div>
<p class="ga-small">This browser tab keeps the last photos of your visit until you close it or leave it for over
{KEPT_MINUTES} minutes. If you reopen it sooner, it may show them again; “Forget my photos now” removes them.</p>
</section>
<dialog class="ga-dialog ga-compare-dialog" aria-labelledby="ga-compare-title">
<div class="ga-dialog-top"><h2 id="ga-compare-title">Compare two photos</h2>
<button type="button" class="ga-tool" data-do="close">Close</button></div>
<div class="ga-choices"><label>First <select name="first"></select></label>
<label>Second <select name="second"></select></label></div>
<img class="ga-preview" alt="">
<div class="ga-tools"><button type="button" class="ga-tool" data-do="save">Save</button></div></dialog>
<p class="ga-said" role="status" data-text="Forgotten in this tab. What was sent is deleted after
{KEPT_MINUTES} minutes at most."></p>"""
# What gradio shows of a photo goes to strip.js, and comes back from there.
TO_STRIP = """(summary, figure, answer) => {
  document.querySelector('#strip')?.dispatchEvent(new CustomEvent('ga-answer', { detail: [summary, figure, answer] }));
}"""
AT_FIRST = """(summary, figure, answer) => {
  document.querySelector('#strip').gaAtFirst = [summary, figure, answer];
}"""
FROM_STRIP = "() => document.querySelector('#strip').gaChosen"


def build_tools(
    photo: gr.Image,
    shown: Sequence[gr.blocks.Block],
    kept: Sequence[gr.State],
    details: gr.Accordion,
) -> None:
    """Adds the tools to the current column.

    Args:
        photo: the input.
        shown: the components of summary, figure and JSON.
        kept: the states of the photo on the server. They are emptied when the page goes back to an earlier photo:
            nothing on the page is about another one.
        details: with the JSON.
    """

    def go_back() -> dict:
        """The updates for an earlier photo, which the server does not know."""
        return dict.fromkeys(kept) | {details: gr.update(visible=True)}

    def forget() -> dict:
        """The updates for no photo."""
        return dict.fromkeys(kept) | {details: gr.update(visible=False)}

    unseen = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    plain = {"apply_default_css": False}
    gr.HTML(GUESS, js_on_load=script("guess"), elem_id="guess", **plain)
    gr.HTML(TOOLS, js_on_load=script("drawing", "share"), elem_id="tools", **plain)
    strip = gr.HTML(STRIP, js_on_load=script("strip", "compare", "visit"), elem_id="strip", **plain)
    _, figure, _ = shown
    figure.change(None, list(shown), None, js=TO_STRIP, **unseen)
    strip.select(None, None, list(shown), js=FROM_STRIP, **unseen)
    strip.select(go_back, None, [*kept, details], **unseen)
    strip.input(None, list(shown), None, js=AT_FIRST, **unseen)
    strip.clear(None, None, [photo, *shown], js=FROM_STRIP, **unseen)
    strip.clear(forget, None, [*kept, details], **unseen)


def faces_data(prediction: PhotoPrediction) -> str:
    """The attribute `data-faces` of the figure, with a leading space: JSON for the tools, escaped.

    Boxes are x, y, width and height in shares of the photo.
    """
    truths = true_ages(prediction)
    faces = [
        _face_data(number, face, prediction, truth)
        for number, (face, truth) in enumerate(zip(prediction.faces, truths, strict=True), 1)
    ]
    return f' data-faces="{escape(json.dumps(faces, separators=(",", ":")))}"'


def true_ages(prediction: PhotoPrediction) -> list[int | None]:
    """The true age in years of each face of an example photo; None where it is not known, as in all other photos."""
    people, size_wh = PEOPLE.get(prediction.photo), (prediction.width, prediction.height)
    if not people or len(people) != len(prediction.faces) or sorted(size_wh) != _sorted_size(prediction.photo):
        return [None] * len(prediction.faces)
    return [person and age_at(*person) for person in people]


def age_at(born: date, day: date) -> int:
    """Age in whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@cache
def _sorted_size(name: str) -> list[int]:
    with Image.open(ROOT / "examples" / name) as image:
        return sorted(image.size)


def _face_data(number: int, face: FacePrediction, prediction: PhotoPrediction, truth: int | None) -> dict:
    x1, y1, x2, y2 = face.box
    width, height = prediction.width, prediction.height
    fill, ink = face_colours(number)
    low, high = face.age_interval
    return {
        "number": number,
        "box": [round(v, 4) for v in (x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height)],
        "age": shown_age(face.age),
        "years": round(face.age, 1),
        "interval": [round(low), round(high)],
        "range": f"{shown_age(low)}–{shown_age(high)}",
        "gender": face.gender + (", uncertain" if face.uncertain else ""),
        "labels": label_texts(number, face),
        "fill": fill,
        "ink": ink,
        "truth": truth,
    }
