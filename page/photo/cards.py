"""The HTML of a photo's result: a summary, and a card for every face. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import median

from PIL import Image

from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.drawing import face_colours
from ..shared.notes import note_html
from ..shared.wording import in_short, shown_age, shown_interval, shown_probability, times_out_of
from .hints import face_hints
from .minors import minor_html

TIPS = "Try a photo in which the face is larger, well lit, uncovered and turned towards the camera."
NONE_SHOWN = "Show them again under “Hide small or doubtful faces”."
CROP_SIDE = 96


WELCOME = note_html("welcome", "Choose a photo", "Every face in it gets a box, an age and a perceived gender.")


def summary_html(prediction: PhotoPrediction, num_found: int | None = None, hint: str = "") -> str:
    """A note on the photo: what was found; what to try where nothing was found; or why it is unusable.

    Of role "note": waiting.js tells screen readers, once it is seen.

    Args:
        prediction: with the faces that are shown.
        num_found: number of all faces; by default of those that are shown.
        hint: a sentence on the whole photo, for a line of its own.
    """
    if prediction.error is not None:
        return note_html("error", "This photo cannot be used.", prediction.error, "alert")
    num_shown = len(prediction.faces)
    num_found = num_shown if num_found is None else num_found
    if not num_found:
        return note_html("none", f"No face was found in “{prediction.photo}”.", TIPS, "note")
    plural = "s" if num_found > 1 else ""
    if num_shown == num_found:
        title = f"{num_found} face{plural} found in “{prediction.photo}”"
    else:
        title = f"{num_shown} of {num_found} face{plural} shown in “{prediction.photo}”"
    if not num_shown:
        return note_html("none", title, NONE_SHOWN, "note")
    lines = [f"{prediction.width} × {prediction.height} pixels"]
    if prediction.rotation:
        lines.append(f"The photo was turned by {prediction.rotation}° counter-clockwise to stand upright.")
    more = "".join(f'<span class="ga-photo-hint">{escape(line)}</span>' for line in (*lines, hint) if line)
    return note_html("found", title, group_line(prediction.faces), "note", more)


def group_line(faces: Sequence[FacePrediction]) -> str:
    """The ages of several people, and the doubts, in words."""
    ages = [face.age for face in faces]
    doubtful = sum(face.uncertain for face in faces)
    if len(ages) == 1:
        return "Gender uncertain." if doubtful else ""
    doubts = f" Gender uncertain for {doubtful}." if doubtful else ""
    middle, low, high = (shown_age(age) for age in (median(ages), min(ages), max(ages)))
    return f"Together: median age {middle}, youngest {low}, oldest {high}.{doubts}"


def faces_html(prediction: PhotoPrediction, crops: Sequence[Image.Image], is_sample: bool = False) -> str:
    """A list with a card for every face, numbered as in the photo.

    Args:
        prediction: of a usable photo.
        crops: the aligned faces as the model saw them; card `n` shows the picture at the URL `<n>`.
        is_sample: the cards show what an answer looks like, and have nothing to click.
    """
    frame_wh = (prediction.width, prediction.height)
    cards = [
        _card(number, face, face_hints(face, frame_wh, crop), is_sample)
        for number, (face, crop) in enumerate(zip(prediction.faces, crops, strict=True), 1)
    ]
    label = "Faces of the example" if is_sample else "Faces, left to right"
    return f'<ol class="ga-faces" aria-label="{label}">{"".join(cards)}</ol>'


def _card(number: int, face: FacePrediction, hints: Sequence[str], is_sample: bool) -> str:
    fill, ink = face_colours(number)
    picture = (
        f'<img src="<{number}>" alt="" width="{CROP_SIDE}" height="{CROP_SIDE}"><span class="ga-number">{number}</span>'
    )
    if is_sample:
        start, crop, acts = "<li", f'<span class="ga-crop">{picture}</span>', ""
    else:
        start, acts = f'<li class="ga-face" data-face="{number}"', _acts_html(number, face)
        label = f"Face {number}: mark it in the photo"
        crop = f'<button type="button" class="ga-crop" aria-pressed="false" aria-label="{label}">{picture}</button>'
    interval = f'<span class="ga-whole">{shown_interval(face)}</span>'
    likely = f'most likely {interval} <span class="ga-whole">({times_out_of(face.age_interval_level)})</span>'
    return f"""
{start} style="--ga-fill:{fill};--ga-ink:{ink}">
  {crop}
  <div class="ga-age"><span class="ga-big"><b>{shown_age(face.age)}</b> years</span>
    <span class="ga-small">{likely}</span></div>
  {_age_axis(face)}
  {_gender_html(face)}
  {minor_html(face)}{_hints_html(hints)}{acts}
</li>"""


def _age_axis(face: FacePrediction) -> str:
    """The age and its interval on an axis from 0 to 100 years."""
    low, high = (min(max(end, 0.0), 100.0) for end in face.age_interval)
    age = min(max(face.age, 0.0), 100.0)
    ticks = "".join(f'<i style="left:{tick}%">{tick}</i>' for tick in range(0, 101, 20))
    label = f"age {shown_age(face.age)}, interval {shown_interval(face)}, on an axis from 0 to 100 years"
    return f"""<div class="ga-axis" role="img" aria-label="{label}"><div class="ga-track">
    <span class="ga-span" style="left:{low:.1f}%;width:{high - low:.1f}%"></span>
    <span class="ga-point" style="left:{age:.1f}%"></span></div><div class="ga-ticks">{ticks}</div></div>"""


def _gender_html(face: FacePrediction) -> str:
    """The perceived gender on a scale from female to male: how far from the middle, where nothing is known, it is."""
    probability = min(max(face.gender_probability, 0.0), 1.0)
    male = 100 * (1 - probability if face.gender == "female" else probability)
    low, high = sorted((male, 50.0))
    uncertain = ' <span class="ga-uncertain">uncertain</span>' if face.uncertain else ""
    kind = "ga-span ga-unsure" if face.uncertain else "ga-span"
    label = f"{face.gender} with a probability of {shown_probability(probability)}, on a scale from female to male"
    return f"""<div class="ga-gender"><div class="ga-line">
    <span class="ga-big"><b>{escape(face.gender)}</b>{uncertain}</span>
    <span class="ga-small">probability {shown_probability(probability)}</span></div>
    <div class="ga-track ga-middle" role="img" aria-label="{escape(label)}">
    <span class="{kind}" style="left:{low:.1f}%;width:{high - low:.1f}%"></span>
    <span class="ga-point" style="left:{male:.1f}%"></span></div>
    <div class="ga-ends" aria-hidden="true"><span>female</span><span>male</span></div></div>"""


def _hints_html(hints: Sequence[str]) -> str:
    """The reasons why the answer may be off."""
    items = "".join(f"<li>{escape(hint)}</li>" for hint in hints)
    return f'<div class="ga-hints"><b>This answer may be off</b><ul>{items}</ul></div>' if hints else ""


def _acts_html(number: int, face: FacePrediction) -> str:
    """What can be done with a face; photo.js does it."""
    text = f"{in_short(face)} (most likely {shown_interval(face)}, {times_out_of(face.age_interval_level)})"
    named = f'<span class="ga-unseen"> face {number}</span>'
    return f"""<div class="ga-acts"><button type="button" class="ga-act" data-act="why">Why?{named}</button>
  <a class="ga-act" href="<{number}>" download="face-{number}.jpg">Save crop{named}</a>
  <button type="button" class="ga-act" data-act="copy" data-text="{escape(text)}">
  <span aria-live="polite">Copy</span>{named}</button></div>"""
