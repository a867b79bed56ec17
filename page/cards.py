"""The page's HTML: summary, one card a face, and the sentences for photos without result. All text is escaped."""

from __future__ import annotations

import base64
import io
from html import escape

from PIL import Image

from gender_age.results import FacePrediction, PhotoPrediction

from .drawing import face_colours, face_crop, shown_age

CROP_SIDE = 144

TIPS = "Try a photo in which the face is larger, well lit, uncovered and turned towards the camera."


WELCOME = (
    '<div class="ga-note ga-welcome" role="status"><strong>Choose a photo</strong> '
    "<span>Upload it, take one with the camera, paste it, or click an example. Faces appear here.</span></div>"
)


def summary_html(prediction: PhotoPrediction) -> str:
    """One line on the photo: what was found, that nothing was found and what to try, or why it is unusable."""
    if prediction.error is not None:
        return _note("ga-error", "alert", "This photo cannot be used.", prediction.error)
    if not prediction.faces:
        return _note("ga-none", "status", f"No face was found in “{prediction.photo}”.", TIPS)
    count = len(prediction.faces)
    doubtful = sum(face.uncertain for face in prediction.faces)
    parts = [f"{prediction.width} × {prediction.height} pixels"]
    if prediction.rotation:
        parts.append(f"turned by {prediction.rotation}° counter-clockwise to stand upright")
    if doubtful:
        parts.append(f"gender uncertain for {doubtful}")
    title = f"{count} face{'s' if count > 1 else ''} found in “{prediction.photo}”"
    return _note("ga-found", "status", title, " · ".join(parts))


def faces_html(prediction: PhotoPrediction, image_rgb: Image.Image) -> str:
    """A list with one card a face, numbered as in the drawing.

    Args:
        prediction: of a usable photo.
        image_rgb: the photo in the prediction's frame.
    """
    cards = [
        _card(number, face, face_crop(image_rgb, face.box, CROP_SIDE))
        for number, face in enumerate(prediction.faces, 1)
    ]
    return f'<ol class="ga-faces">{"".join(cards)}</ol>'


def shown_probability(probability: float) -> str:
    """A probability in [0, 1] as a whole percentage that never says that all doubt is gone."""
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def _note(kind: str, role: str, title: str, text: str) -> str:
    return (
        f'<div class="ga-note {kind}" role="{role}"><strong>{escape(title)}</strong> <span>{escape(text)}</span></div>'
    )


def _card(number: int, face: FacePrediction, crop: Image.Image) -> str:
    fill, ink = face_colours(number)
    low, high = face.age_interval
    interval = f"{shown_age(low)}–{shown_age(high)}"
    probability = shown_probability(face.gender_probability)
    uncertain = '<span class="ga-uncertain">uncertain</span>' if face.uncertain else ""
    return f"""
<li class="ga-face" style="--ga-fill:{fill};--ga-ink:{ink}">
  <div class="ga-crop"><img src="{_data_uri(crop)}" alt="face {number}" width="{CROP_SIDE}" height="{CROP_SIDE}">
    <span class="ga-number">{number}</span></div>
  <div class="ga-age"><div class="ga-big"><b>{shown_age(face.age)}</b> years</div>
    <div class="ga-small">{face.age_interval_level:.0%} interval: {interval} years</div></div>
  <div class="ga-gender"><div class="ga-big"><b>{escape(face.gender)}</b> {uncertain}</div>
    <div class="ga-small">probability {probability}</div></div>
  {_interval_bar(face, interval)}
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


def _data_uri(image_rgb: Image.Image) -> str:
    stream = io.BytesIO()
    image_rgb.save(stream, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
