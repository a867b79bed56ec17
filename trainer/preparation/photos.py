"""Opens encoded images of datasets as page and command line open photos, and keeps them so that `datasets` does too."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from gender_age.formats import FORMATS
from gender_age.images import BOMB, DAMAGED, read_picture, upright
from gender_age.photo_file import PhotoFile

NAME = "The image"
"""In the sentences of `PhotoError`."""


def decode(data: bytes) -> Image.Image:
    """An upright RGB image: colour profile, grey depth and orientation are applied, with the limits of `open_photo`.

    Raises:
        PhotoError: the bytes are no image that can be read, or one over the limits.
    """
    with PhotoFile(io.BytesIO(data)) as file:
        return upright(read_picture(file, NAME), NAME)


def storable(data: bytes, image: Image.Image) -> bytes:
    """The bytes to keep of an image.

    They are its own where Pillow alone, by which `datasets` and others open them, finds the same frame. Of HEIC and RAW
    photos it finds nothing, or a thumbnail that landmarks would not fit: those are kept as PNG.

    Args:
        data: encoded.
        image: what `decode` made of them.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            if ImageOps.exif_transpose(found).size == image.size:
                return data
    except (*DAMAGED, *BOMB):
        pass
    return as_png(image)


def as_png(image: Image.Image) -> bytes:
    """The image's pixels, encoded without loss."""
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()
