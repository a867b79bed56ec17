"""From a picture as its file has it to upright RGB: depth, colours, transparency and orientation."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .colour_profiles import to_srgb
from .grey_depth import grey_to_uint8
from .photo_reading import Picture

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the lossless operation that makes the picture upright."""


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The picture upright; `image` itself where it is so already."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def to_rgb(picture: Picture, owned: bool = False) -> Image.Image:
    """The picture as sRGB over white, not turned.

    Args:
        picture: may be decoded or not.
        owned: whether its image may be changed, which saves a copy; and may be returned in any case.
    """
    image = picture.image
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _grey(picture)
    elif image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if isinstance(profile, bytes) and profile:
        image = to_srgb(image, profile, in_place=owned or image is not picture.image)
    if image.has_transparency_data:
        return _over_white(image if image.mode == "RGBA" else image.convert("RGBA"))
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(rgba: Image.Image) -> Image.Image:
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def _grey(picture: Picture) -> Image.Image:
    """8 bits from more; with an alpha channel if one value is transparent."""
    values = np.asarray(picture.image)
    pixels = grey_to_uint8(values, picture.bits)
    image = Image.fromarray(255 - pixels if picture.is_negative else pixels)
    transparent = picture.image.info.get("transparency")
    if isinstance(transparent, int):
        image = image.convert("RGBA")
        image.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return image


__all__ = ["to_rgb", "turned"]
