"""The HTML around the rows of table.js: filters, table, and the dialog with the photo of a row. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import gradio as gr

from gender_age.labels import GENDERS
from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.drawing import face_colours
from ..shared.pictures import html_value, picture_html
from ..shared.wording import shown_age, shown_probability
from .table import DECADES, table_value

SCRIPT = Path(__file__).with_name("table.js")
COLUMNS = {"photo": "Photo", "age": "Age", "gender": "Gender"}


def faces_table(**options) -> gr.HTML:
    """A table for values of `table_value`, drawn by table.js; its `select` event asks for the photo of a row.

    Missing in gradio: `gr.Dataframe` has no pictures in its cells but Markdown's, searches parts of words (“male” finds
    “female”), and tells screen readers of no sorting. Issues: none was found. Can go when a `gr.Dataframe` passes
    `test_the_table_is_filtered_sorted_and_shows_its_photos` in tests/browser.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    return gr.HTML(table_value(), html_template=_template(), js_on_load=script, apply_default_css=False, **options)


def photo_view(**options) -> gr.HTML:
    """The photo of a row, for values of `photo_value`; table.js puts it into its dialog."""
    return picture_html(apply_default_css=False, **options)


def photo_value(asked: int, prediction: PhotoPrediction, picture_path: str) -> dict:
    """The photo with its boxes, and its faces in words.

    Args:
        asked: the number of the question, which table.js waits for.
        picture_path: of the photo with its boxes drawn, in gradio's folder.
    """
    faces = "".join(_face_html(number, face) for number, face in enumerate(prediction.faces, 1))
    what = "with a numbered box around each face" if faces else "in which no face was found"
    alt = f"The photo “{prediction.photo}”, {what}"
    listed = f'<ol class="ga-many-faces">{faces}</ol>' if faces else "<p>No face was found.</p>"
    return html_value(
        f'<div class="ga-many-photo" data-asked="{asked}"><img src="<0>" alt="{escape(alt)}">{listed}</div>',
        [picture_path],
    )


def sentence_value(asked: int, sentence: str) -> dict:
    """What is said in place of a photo that cannot be shown."""
    return html_value(f'<div class="ga-many-photo" data-asked="{asked}"><p role="alert">{escape(sentence)}</p></div>')


def _face_html(number: int, face: FacePrediction) -> str:
    fill, ink = face_colours(number)
    low, high = face.age_interval
    doubt = ", uncertain" if face.uncertain else ""
    return (
        f'<li><b style="background:{fill};color:{ink}">{number}</b><span>{shown_age(face.age)} years, most likely '
        f"{shown_age(low)}–{shown_age(high)} · {escape(face.gender)} ({shown_probability(face.gender_probability)}"
        f"{doubt})</span></li>"
    )


def _template() -> str:
    """Static: gradio writes it once."""
    chips = [(f"gender:{gender}", gender) for gender in GENDERS]
    chips += [("uncertain:yes", "uncertain"), ("problem:yes", "no face or a problem")]
    decades = [(f"{first}", f"{first}–{first + 9}") for first in DECADES[:-1]]
    decades.append((f"{DECADES[-1]}", f"{DECADES[-1]} and more"))
    buttons = "".join(
        f'<button type="button" class="ga-many-chip" data-key="{key}" aria-pressed="false">{word}</button>'
        for key, word in chips
    )
    heads = "".join(
        f'<th scope="col" aria-sort="none"><button type="button" data-sort="{key}">{word}</button></th>'
        for key, word in COLUMNS.items()
    )
    return f"""<div class="ga-many-results" hidden><div class="ga-many-filters" role="group" aria-label="Show only">
<span class="ga-many-chips">{buttons}</span>
{_select("Age", "decade", "all ages", decades)}{_select("Folder", "folder", "all folders", (), " hidden")}
<label><span>Name</span> <input type="search" data-field="name" autocomplete="off"></label></div>
<div class="ga-many-counting"><span class="ga-many-count" role="status"></span>
<button type="button" class="ga-many-reset" hidden>Show all</button></div>
<table class="ga-many-table" aria-label="Faces"><thead><tr>{heads}</tr></thead><tbody></tbody></table>
<button type="button" class="ga-many-more" hidden>Show more</button></div>
<dialog class="ga-many-dialog" aria-labelledby="ga-many-title"><div class="ga-many-frame"><div class="ga-many-bar">
<h2 id="ga-many-title"><span class="ga-many-title"></span><small></small></h2>
<button type="button" data-step="-1" aria-label="Photo before">‹</button>
<button type="button" data-step="1" aria-label="Next photo">›</button>
<button type="button" class="ga-many-close">Close</button></div>
<p class="ga-many-wait" role="status"></p><div class="ga-many-body"></div></div></dialog>"""


def _select(label: str, field: str, everything: str, options: Sequence[tuple[str, str]], attribute: str = "") -> str:
    choices = "".join(f'<option value="{value}">{text}</option>' for value, text in [("all", everything), *options])
    return f'<label{attribute}><span>{label}</span> <select data-field="{field}">{choices}</select></label>'
