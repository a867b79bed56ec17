"""Small pictures for the table: the faces of a photo side by side in one JPEG."""

from __future__ import annotations

import io

from PIL import Image

from gender_age.searched_photo import SearchedPhoto
from gender_age.turning import rotate_image

SIDE = 96
"""Of a small picture, in pixels; many.css shows half of that."""
QUALITY = 80


def strip_jpeg(image_rgb: Image.Image, searched: SearchedPhoto) -> bytes:
    """The faces as the model sees them, from left to right; without a face, the middle of the photo.

    Args:
        image_rgb: the photo as it was opened, not yet turned.
        searched: what was found in it.
    """
    if searched.found:
        strip = Image.new("RGB", (SIDE * len(searched.found), SIDE))
        for number, face in enumerate(searched.found):
            strip.paste(face.crop.resize((SIDE, SIDE), Image.Resampling.BILINEAR), (SIDE * number, 0))
    else:
        strip = rotate_image(_middle(image_rgb), searched.rotation)
    stream = io.BytesIO()
    strip.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _middle(image_rgb: Image.Image) -> Image.Image:
    side = min(image_rgb.size)
    left, top = ((length - side) // 2 for length in image_rgb.size)
    box = (left, top, left + side, top + side)
    return image_rgb.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box, reducing_gap=1.0)
