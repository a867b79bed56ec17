"""Draws a photo for display, with numbered boxes over its faces."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from gender_age.face_drawing import COLOURS, draw_boxes, face_colours, label_texts
from gender_age.results import FacePrediction

LONGEST_SIDE = 1600
# Smaller photos are enlarged to this longer side, by this factor at most: a label is unreadable on 60 pixels.
SHORTEST_LONG_SIDE = 900
LARGEST_FACTOR = 8


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
    scale = max(copy.size) / max(frame_wh or image_rgb.size)
    boxes = [(x1 * scale, y1 * scale, x2 * scale, y2 * scale) for x1, y1, x2, y2 in (face.box for face in faces)]
    return draw_boxes(copy, boxes, faces, range(1, len(faces) + 1))


def display_copy(image_rgb: Image.Image) -> Image.Image:
    """A copy of the photo for display: at most 1600 pixels on its longer side; small photos are enlarged."""
    scale = _display_scale(image_rgb.size)
    size_wh = tuple(max(1, round(side * scale)) for side in image_rgb.size)
    return image_rgb.resize(size_wh, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _display_scale(size_wh: tuple[int, int]) -> float:
    longest = max(size_wh)
    if longest > LONGEST_SIDE:
        return LONGEST_SIDE / longest
    return min(max(1.0, SHORTEST_LONG_SIDE / longest), LARGEST_FACTOR)


__all__ = ["COLOURS", "display_copy", "draw_faces", "face_colours", "label_texts"]
