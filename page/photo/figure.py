"""The photo with a button over every face."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import gradio as gr

from gender_age.results import FacePrediction, PhotoPrediction

from ..shared.analysis import AnalysedPhoto
from ..shared.drawing import face_colours, label_texts
from ..shared.pictures import html_value, picture_html, save_jpeg
from ..shared.wording import in_short
from .cards import faces_html
from .scripts import script
from .tools import faces_data

# Size of the photo on the narrowest phones and on wide screens, and of labels in a font as wide as DejaVu Sans, in CSS
# pixels; as in photo.css.
NARROW_WH, WIDE_WH = (290, 576), (640, 576)
LABEL_HEIGHT = 24
# Boxes up to this many pixels have small labels, also where the photo is shown a third larger.
SMALL_BOX = 21
# Shown where the photo is one of strip.js.
EARLIER = """<p class="ga-small ga-earlier">An earlier photo of this visit, shown from this browser tab. The server has
forgotten it: for “Why?”, and to hide faces, choose it again.</p>"""
# Boxes from this width on have labels with the age, which takes so much beside the number.
AGE_FROM, AGE_WIDTH = 48, 37
# Right of this share of the width, a label is right-aligned with its box, so that it does not leave the photo.
RIGHT_FROM = 0.85


def photo_figure(**options) -> gr.HTML:
    """A `picture_html` for values of `figure_value`, with the scripts that belong to it."""
    return picture_html(js_on_load=script("photo", "zoom"), apply_default_css=False, **options)


def save_pictures(analysed: AnalysedPhoto, folder: str) -> tuple[str, ...]:
    """Writes the display copy and every crop as JPEG into gradio's `folder`; returns the paths in this order.

    An unusable photo has none.
    """
    if analysed.display_rgb is None:
        return ()
    names = ("photo.jpg", *(f"face-{number}.jpg" for number in range(1, len(analysed.crops) + 1)))
    pictures = (analysed.display_rgb, *analysed.crops)
    return tuple(save_jpeg(picture, name, folder) for picture, name in zip(pictures, names, strict=True))


def figure_value(analysed: AnalysedPhoto, paths: Sequence[str]) -> dict:
    """The value of `photo_figure` for a usable photo.

    Args:
        analysed: with the faces that are to be shown.
        paths: of the display copy, then of the crop of each of these faces.
    """
    return html_value(_photo_html(analysed.prediction) + faces_html(analysed.prediction, analysed.crops), paths)


def short_labels(faces: Sequence[FacePrediction], frame_wh: tuple[int, int]) -> list[bool]:
    """Whether the label of each face must be its number only, so that labels of close faces do not overlap.

    True where labels, each about as wide as its box, would overlap on the narrowest phone.
    """
    places = [_label_place(number, face, frame_wh, NARROW_WH) for number, face in enumerate(faces, 1)]
    return [any(i != j and _overlap(a, b) for j, b in enumerate(places)) for i, a in enumerate(places)]


def hidden_labels(
    faces: Sequence[FacePrediction], frame_wh: tuple[int, int], shorts: Sequence[bool], shown_wh: tuple[int, int]
) -> list[bool]:
    """Whether the label of each face must be hidden, because even numbers would cover each other.

    Larger faces keep theirs.

    Args:
        shorts: whether each label is a number only.
        shown_wh: the size that the photo is fitted into, in CSS pixels.
    """
    hidden, taken = [False] * len(faces), []
    for index in sorted(range(len(faces)), key=lambda index: -_area(faces[index].box)):
        place = _label_place(index + 1, faces[index], frame_wh, shown_wh, shorts[index])
        hidden[index] = any(_overlap(place, other) for other in taken)
        if not hidden[index]:
            taken.append(place)
    return hidden


def _label_place(
    number: int, face: FacePrediction, frame_wh: tuple[int, int], shown_wh: tuple[int, int], is_short: bool = False
) -> tuple[float, float, float]:
    """Left, top and right of a label in CSS pixels."""
    scale = min(shown_wh[0] / frame_wh[0], shown_wh[1] / frame_wh[1])
    x1, y1, x2, _ = (value * scale for value in face.box)
    digits, box_width = len(str(number)), x2 - x1
    small, large = 10 + 8 * digits, 17 + 9 * digits
    narrowest = small if box_width <= SMALL_BOX else large
    # What the label with the age is wider than the smallest box that has one, at the scale of this box.
    overhang = (large + AGE_WIDTH - AGE_FROM) * min(1.0, box_width / AGE_FROM)
    left = x1 if not _is_right(face, frame_wh[0]) else min(x1, x2 - narrowest)
    right = left + narrowest if is_short else max(x2 + overhang, left + narrowest)
    return left, max(y1 - LABEL_HEIGHT, 0.0), right


def _overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> bool:
    return abs(a[1] - b[1]) < LABEL_HEIGHT and a[0] < b[2] and b[0] < a[2]


def _is_right(face: FacePrediction, width: int) -> bool:
    return face.box[0] >= RIGHT_FROM * width


def _photo_html(prediction: PhotoPrediction) -> str:
    width, height = frame_wh = (prediction.width, prediction.height)
    faces = prediction.faces
    # Small boxes lie above large ones, so that both can be clicked.
    by_area = sorted(range(len(faces)), key=lambda index: -_area(faces[index].box))
    depths = {index: depth for depth, index in enumerate(by_area, 1)}
    shorts = short_labels(faces, frame_wh)
    hidden = zip(*(hidden_labels(faces, frame_wh, shorts, size_wh) for size_wh in (NARROW_WH, WIDE_WH)), strict=True)
    kinds = [
        " ga-short" * short + " ga-narrow-mute" * narrow + " ga-mute" * wide
        for short, (narrow, wide) in zip(shorts, hidden, strict=True)
    ]
    boxes = [
        _box_html(number, face, frame_wh, depths[number - 1], kind)
        for number, (face, kind) in enumerate(zip(faces, kinds, strict=True), 1)
    ]
    what = "with a numbered box around each face" if faces else "without boxes"
    alt = f"The photo “{prediction.photo}”, {what}"
    more = "Pick a face, or its card, to see which belong together." if len(faces) > 1 else ""
    return f"""<figure class="ga-figure"{faces_data(prediction)} style="--ga-ratio:{width / height:.4f}">
<div class="ga-photo"><img src="<0>" alt="{escape(alt)}" width="{width}" height="{height}">{"".join(boxes)}</div>
<figcaption><span>{more}</span>
<button type="button" class="ga-act ga-zoom" aria-haspopup="dialog">Zoom</button></figcaption>
{EARLIER}</figure>"""


def _area(box_xyxy: tuple[int, int, int, int]) -> int:
    return (box_xyxy[2] - box_xyxy[0]) * (box_xyxy[3] - box_xyxy[1])


def _box_html(number: int, face: FacePrediction, frame_wh: tuple[int, int], depth: int, kind: str) -> str:
    """A face's button, placed in percent of the photo; the width of the box decides how much its label says."""
    fill, ink = face_colours(number)
    width, height = frame_wh
    x1, y1, x2, y2 = face.box
    left, top = 100 * x1 / width, 100 * y1 / height
    place = (
        f"left:{left:.2f}%;top:{top:.2f}%;width:{100 * (x2 - x1) / width:.2f}%;height:{100 * (y2 - y1) / height:.2f}%"
    )
    kinds = "ga-box" + kind + (" ga-right" if _is_right(face, width) else "")
    long, middle, _ = label_texts(number, face)
    # The parts that the longer labels add to the number.
    age, gender = middle.removeprefix(str(number)), long.removeprefix(middle)
    return f"""<button type="button" class="{kinds}" data-face="{number}" aria-pressed="false"
 aria-label="Face {number}: {escape(in_short(face))}"
 style="{place};z-index:{depth};--ga-top:{top:.2f};--ga-fill:{fill};--ga-ink:{ink}"><span class="ga-label"
 aria-hidden="true"><b>{number}</b><span class="ga-label-age">{escape(age)}</span><span
 class="ga-label-gender">{escape(gender)}</span></span></button>"""
