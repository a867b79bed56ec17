"""Opens a photo of a run again, to show it with its boxes."""

from __future__ import annotations

from collections.abc import Sequence

from gender_age.errors import GenderAgeError
from gender_age.results import PhotoPrediction
from gender_age.turning import rotate_image

from ..inputs.unpacking import Unpacker
from ..shared.drawing import draw_faces
from ..shared.opening import opened_in_turn
from ..shared.pictures import save_jpeg
from .batch import Item
from .table_html import photo_value, sentence_value

GONE = "The photo is no longer kept here: photos are deleted in time. Choose it again and press “Analyse”."


def opened_photo(items: Sequence[Item], predictions: Sequence[PhotoPrediction], data: object, folder: str) -> dict:
    """The value of `photo_view` for what table.js asks.

    Args:
        items: the photos of the run that were analysed, with their `predictions`.
        data: from the browser: the `photo`'s place among them, and the number of the question, `asked`.
        folder: gradio's, for the picture.
    """
    number, asked = (data.get(name) if isinstance(data, dict) else None for name in ("photo", "asked"))
    asked = asked if isinstance(asked, int) else 0
    if not isinstance(number, int) or not 0 <= number < len(items):
        return sentence_value(asked, GONE)
    item, prediction = items[number], predictions[number]
    if item.path is None or prediction.error is not None:
        return sentence_value(asked, prediction.error or GONE)
    try:
        with Unpacker() as unpacker:
            path = item.path if item.archived is None else unpacker.unpack(item.path, item.archived)
            with opened_in_turn(path) as image_rgb:
                picture = draw_faces(rotate_image(image_rgb, prediction.rotation), prediction.faces)
    except GenderAgeError:
        return sentence_value(asked, GONE)
    return photo_value(asked, prediction, save_jpeg(picture, "photo.jpg", folder))
