"""The HTML of a photo's result: a summary, and a card for every face. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PIL import Image

from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.drawing import face_colours
from ..shared.notes import note_html
from ..shared.wording import shown_age, shown_probability
from .hints import face_hints
from .minors import minor_html

TIPS = "Try a photo in which the face is larger, well lit, uncovered and turned towards the camera."
NONE_SHOWN = "Lower the score or the size under “Which faces to show”."
CROP_SIDE = 96


WELCOME = note_html(
    "welcome",
    "Choose a photo",
    "Upload it, take one with the camera, paste it, or click an example. Faces appear here.",
)


def summary_html(prediction: PhotoPrediction, num_found: int | None = None, hint: str = "") -> str:
    """A note on the photo: what was found; what to try where nothing was found; or why it is unusable.

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
        return note_html("none", f"No face was found in “{prediction.photo}”.", TIPS)
    plural = "s" if num_found > 1 else ""
    if num_shown == num_found:
        title = f"{num_found} face{plural} found in “{prediction.photo}”"
    else:
        title = f"{num_shown} of {num_found} face{plural} shown in “{prediction.photo}”"
    if not num_shown:
        return note_html("none", title, NONE_SHOWN)
    parts = [f"{prediction.width} × {prediction.height} pixels"]
    if prediction.rotation:
        parts.append(f"turned by {prediction.rotation}° counter-clockwise to stand upright")
    doubtful = sum(face.uncertain for face in prediction.faces)
    if doubtful:
        parts.append(f"gender uncertain for {doubtful}")
    more = f'<span class="ga-photo-hint">{escape(hint)}</span>' if hint else ""
    return note_html("found", title, " · ".join(parts), more=more)


def faces_html(prediction: PhotoPrediction, crops: Sequence[Image.Image]) -> str:
    """A list with a card for every face, numbered as in the photo.

    Args:
        prediction: of a usable photo.
        crops: the aligned faces as the model saw them; card `n` shows the picture at the URL `<n>`.
    """
    frame_wh = (prediction.width, prediction.height)
    cards = [
        _card(number, face, face_hints(face, frame_wh, crop))
        for number, (face, crop) in enumerate(zip(prediction.faces, crops, strict=True), 1)
    ]
    return f'<ol class="ga-faces" aria-label="Faces, left to right">{"".join(cards)}</ol>'


def _card(number: int, face: FacePrediction, hints: Sequence[str]) -> str:
    fill, ink = face_colours(number)
    low, high = face.age_interval
    interval = f"{shown_age(low)}–{shown_age(high)}"
    return f"""
<li class="ga-face" data-face="{number}" style="--ga-fill:{fill};--ga-ink:{ink}">
  <button type="button" class="ga-crop" aria-pressed="false" aria-label="Face {number}: mark it in the photo">
    <img src="<{number}>" alt="" width="{CROP_SIDE}" height="{CROP_SIDE}">
    <span class="ga-number">{number}</span></button>
  <div class="ga-age"><div class="ga-big"><b>{shown_age(face.age)}</b> years</div>
    <div class="ga-small">{face.age_interval_level:.0%} interval: {interval}</div>
    {_interval_bar(face, interval)}</div>
  {_gender_html(face)}
  {_doubts_html(face, hints)}
</li>"""


def _interval_bar(face: FacePrediction, interval: str) -> str:
    """The age and its interval on an axis from 0 to 100 years."""
    low, high = (min(max(end, 0.0), 100.0) for end in face.age_interval)
    age = min(max(face.age, 0.0), 100.0)
    ticks = "".join(f'<i style="left:{tick}%">{tick}</i>' for tick in range(0, 101, 20))
    label = f"age {shown_age(face.age)}, interval {interval}, on an axis from 0 to 100 years"
    return f"""<div class="ga-axis" role="img" aria-label="{label}"><div class="ga-track">
    <span class="ga-span" style="left:{low:.1f}%;width:{high - low:.1f}%"></span>
    <span class="ga-point" style="left:{age:.1f}%"></span></div><div class="ga-ticks">{ticks}</div></div>"""


def _gender_html(face: FacePrediction) -> str:
    """The perceived gender, its probability as a bar from 0 to 100 %, and whether it is uncertain."""
    probability = shown_probability(face.gender_probability)
    uncertain = ' <span class="ga-uncertain">uncertain</span>' if face.uncertain else ""
    kind = "ga-share ga-doubt" if face.uncertain else "ga-share"
    label = f"probability of {face.gender} {probability}, on a bar from 0 to 100%"
    return f"""<div class="ga-gender"><div class="ga-line">
    <span class="ga-big"><b>{escape(face.gender)}</b>{uncertain}</span>
    <span class="ga-small">probability {probability}</span></div>
    <div class="{kind}" role="img" aria-label="{escape(label)}">
    <span style="width:{100 * min(max(face.gender_probability, 0.0), 1.0):.1f}%"></span></div></div>"""


def _doubts_html(face: FacePrediction, hints: Sequence[str]) -> str:
    """Whether the face could be a minor's, and the reasons why the answer may be off."""
    items = "".join(f"<li>{escape(hint)}</li>" for hint in hints)
    why = f'<div class="ga-hints"><b>This answer may be off</b><ul>{items}</ul></div>' if hints else ""
    return minor_html(face) + why
