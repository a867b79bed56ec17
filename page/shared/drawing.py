"""Draws numbered boxes with labels on a photo."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from gender_age.results import FacePrediction

from .wording import shown_age

LONGEST_SIDE = 1600
# Smaller photos are enlarged to this longer side, by this factor at most: a label is unreadable on 60 pixels.
SHORTEST_LONG_SIDE = 900
LARGEST_FACTOR = 8
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


def face_colours(number: int) -> tuple[str, str]:
    """Fill and text colour of the face with this number, from 1."""
    return COLOURS[(number - 1) % len(COLOURS)]


def draw_faces(
    image_rgb: Image.Image, faces: Sequence[FacePrediction], frame_wh: tuple[int, int] | None = None
) -> Image.Image:
    """A display copy of the photo with a numbered box and a label for every face.

    Args:
        image_rgb: the photo in its frame, or a resized copy of it; it is not changed.
        faces: in the order of their numbers.
        frame_wh: size in pixels of the frame of the boxes; by default the size of `image_rgb`.

    Returns:
        An RGB image whose longer side is at most 1600 pixels.
    """
    copy = display_copy(image_rgb)
    size_wh, scale = copy.size, max(copy.size) / max(frame_wh or image_rgb.size)
    draw = ImageDraw.Draw(copy)
    line_width = max(2, round(max(size_wh) * 0.004))
    font = ImageFont.load_default(size=max(11, round(min(size_wh[0], 3 * size_wh[1]) * LABEL_SHARE)))
    boxes = [tuple(value * scale for value in face.box) for face in faces]
    for number, box in enumerate(boxes, 1):
        _draw_box(draw, box, face_colours(number)[0], line_width)
    texts, places = _labels(font, [label_texts(number, face) for number, face in enumerate(faces, 1)], boxes, size_wh)
    for number, (text, place) in enumerate(zip(texts, places, strict=True), 1):
        fill, ink = face_colours(number)
        draw.rectangle(place, fill=fill)
        draw.text(((place[0] + place[2]) / 2, (place[1] + place[3]) / 2), text, ink, font, anchor="mm")
    return copy


def display_copy(image_rgb: Image.Image) -> Image.Image:
    """A copy of the photo for display: at most 1600 pixels on its longer side; small photos are enlarged."""
    scale = _display_scale(image_rgb.size)
    size_wh = tuple(max(1, round(side * scale)) for side in image_rgb.size)
    return image_rgb.resize(size_wh, Image.Resampling.LANCZOS, reducing_gap=2.0)


def label_texts(number: int, face: FacePrediction) -> tuple[str, str, str]:
    """Labels of a face from the longest to the shortest; each is a prefix of the one before."""
    doubt = "?" if face.uncertain else ""
    age = shown_age(face.age)
    return f"{number} · {age}, {face.gender}{doubt}", f"{number} · {age}", f"{number}"


def _display_scale(size_wh: tuple[int, int]) -> float:
    longest = max(size_wh)
    if longest > LONGEST_SIDE:
        return LONGEST_SIDE / longest
    return min(max(1.0, SHORTEST_LONG_SIDE / longest), LARGEST_FACTOR)


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
    texts, places = [], []
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
    """A free place above, below or inside the box, and True; without a free one, a place inside, and False."""
    width, height = font.getlength(text) + 0.6 * font.size, 1.3 * font.size
    left = max(0.0, min(box[0], size_wh[0] - width))
    for top in (box[1] - height, box[3], box[1], box[3] - height):
        place = (left, top, left + width, top + height)
        inside = top >= 0 and place[3] <= size_wh[1] and width <= size_wh[0]
        if inside and not any(_overlap(place, other) for other in taken):
            return place, True
    top = max(0.0, min(box[1], size_wh[1] - height))
    return (left, top, left + width, top + height), False


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
