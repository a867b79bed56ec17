"""Draws numbered boxes with labels over faces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from .results import FaceEstimate

# Okabe and Ito's colours, which people with any kind of colour vision tell apart (https://jfly.uni-koeln.de/color/),
# each with the text colour of the better contrast. The numbers identify the faces; the colours only help.
COLOURS = (
    ("#E69F00", "#000000"),
    ("#56B4E9", "#000000"),
    ("#009E73", "#000000"),
    ("#F0E442", "#000000"),
    ("#0072B2", "#FFFFFF"),
    ("#D55E00", "#000000"),
    ("#CC79A7", "#000000"),
)
# Text height as a share of the width: the drawing fills the screen's width, 390 pixels on a phone.
LABEL_SHARE = 0.034

Rectangle = tuple[float, float, float, float]


def shown_age(age_years: float) -> str:
    """An age in whole years; the model's last class stands for 100 and more."""
    return "100+" if round(age_years) >= 100 else str(round(age_years))


def face_colours(number: int) -> tuple[str, str]:
    """Fill and text colour of the face with this number, from 1."""
    return COLOURS[(number - 1) % len(COLOURS)]


def draw_boxes(
    image_rgb: Image.Image, boxes_xyxy: Sequence[Rectangle], faces: Sequence[FaceEstimate], numbers: Sequence[int]
) -> Image.Image:
    """A copy of the image with a numbered box and a label for every face.

    Args:
        boxes_xyxy: in pixels of the image.
        faces: what is said of each.
        numbers: of the faces, from 1.
    """
    copy = image_rgb.copy()
    size_wh = copy.size
    draw = ImageDraw.Draw(copy)
    line_width = max(2, round(max(size_wh) * 0.004))
    font = _font(max(11, round(min(size_wh[0], 3 * size_wh[1]) * LABEL_SHARE)))
    for number, box in zip(numbers, boxes_xyxy, strict=True):
        _draw_box(draw, box, face_colours(number)[0], line_width)
    variants = [label_texts(number, face) for number, face in zip(numbers, faces, strict=True)]
    texts, places = _labels(font, variants, boxes_xyxy, size_wh)
    for number, text, place in zip(numbers, texts, places, strict=True):
        fill, ink = face_colours(number)
        draw.rectangle(place, fill=fill)
        draw.text(((place[0] + place[2]) / 2, (place[1] + place[3]) / 2), text, ink, font, anchor="mm")
    return copy


def label_texts(number: int, face: FaceEstimate) -> tuple[str, str, str]:
    """Labels of a face from the longest to the shortest; each is a prefix of the one before."""
    doubt = "?" if face.uncertain else ""
    age = shown_age(face.age)
    return f"{number} · {age}, {face.gender}{doubt}", f"{number} · {age}", f"{number}"


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)  # type: ignore[return-value]


def _draw_box(draw: ImageDraw.ImageDraw, box: Rectangle, colour: str, line_width: int) -> None:
    """A coloured frame between two dark ones, visible on any background."""
    edge = max(1, line_width // 3)
    for grow, fill, width in ((edge, "black", line_width + 2 * edge), (0, colour, line_width)):
        frame = (box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow)
        draw.rectangle(frame, outline=fill, width=width)


def _labels(
    font: ImageFont.FreeTypeFont,
    variants: Sequence[Sequence[str]],
    boxes: Sequence[Rectangle],
    size_wh: tuple[int, int],
) -> tuple[list[str], list[Rectangle]]:
    """The longest variant of which all labels fit without overlap, else the shortest; and the places of the labels."""
    texts: list[str] = []
    places: list[Rectangle] = []
    for texts in map(list, zip(*variants, strict=True)):
        places, free = [], True
        for text, box in zip(texts, boxes, strict=True):
            place, is_free = _place(text, font, box, size_wh, places)
            places.append(place)
            free = free and is_free
        if free:
            break
    return texts, places


def _place(
    text: str,
    font: ImageFont.FreeTypeFont,
    box: Rectangle,
    size_wh: tuple[int, int],
    taken: Sequence[Rectangle],
) -> tuple[Rectangle, bool]:
    """A free place above, below, inside or beside the box, and True; without a free one, one inside, and False."""
    width, height = font.getlength(text) + 0.6 * font.size, 1.3 * font.size
    x1, y1, x2, y2 = box
    aligned = [(left, top) for left in (x1, x2 - width) for top in (y1 - height, y2, y1, y2 - height)]
    for left, top in (*aligned, (x2, y1), (x1 - width, y1)):
        start = max(0.0, min(left, size_wh[0] - width))
        place = (start, top, start + width, top + height)
        inside = top >= 0 and place[3] <= size_wh[1] and width <= size_wh[0]
        if inside and not any(_overlap(place, other) for other in taken):
            return place, True
    start, top = max(0.0, min(x1, size_wh[0] - width)), max(0.0, min(y1, size_wh[1] - height))
    return (start, top, start + width, top + height), False


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


__all__ = ["COLOURS", "draw_boxes", "face_colours", "label_texts", "shown_age"]
