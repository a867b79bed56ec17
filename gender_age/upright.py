"""From a picture as its file has it to upright RGB: depth, colours, transparency and orientation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from PIL import Image

from .colour_profiles import to_srgb
from .grey_depth import grey_to_uint8
from .photo_reading import Picture
from .sample_bytes import with_depth

# Rows that are converted at once: half a megabyte of a photo 4,000 pixels wide, which stays in the processor's cache.
STRIP = 32
# With transparency, the next mode is that of colours.
GREY_MODES = ("L", "LA", "La")

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


def upright_rgb(image: Image.Image, orientation: int) -> Image.Image:
    """The picture upright and RGB; `image` itself where it is so already."""
    turn = TURNS.get(orientation)
    image = image if turn is None else image.transpose(turn)
    return image if image.mode == "RGB" else image.convert("RGB")


class Canvas(Protocol):
    """Where a picture's pixels go, if not into images of their own."""

    def before_decoding(self, size_wh: tuple[int, int], image: Image.Image | None) -> None:
        """Called at least once with width and height; with the image where there is one that is not decoded yet."""

    def blank(self, size_wh: tuple[int, int], mode: str = "RGB") -> Image.Image:
        """An image of mode RGB or L to write to."""


def to_srgb_or_grey(picture: Picture, owned: bool = False, canvas: Canvas | None = None) -> Image.Image:
    """The picture over white, not turned: as sRGB of mode RGB, or of mode L, which has a quarter of the bytes.

    Args:
        picture: may be decoded or not.
        owned: whether its image may be changed, which saves a copy. Its image may be returned itself in any case.
        canvas: makes the result's image, where there has to be a new one at the end.
    """
    image = picture.image
    if picture.low_bytes is not None:
        image = with_depth(image, picture.low_bytes, picture.bits)
    profile = image.info.get("icc_profile")
    is_grey = image.mode in GREY_MODES or image.mode.startswith("I")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _grey(picture)
    elif image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.format == "BMP" and image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        image = image.convert("RGB")  # Its writer left alpha alone; browsers show such a picture, too.
    if isinstance(profile, bytes) and profile:
        owned = owned or image is not picture.image
        image = _grey_to_srgb(image, profile) if is_grey and image.mode == "RGBA" else to_srgb(image, profile, owned)
    if image.has_transparency_data:
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        return _over_white(rgba, Image.new("RGB", rgba.size) if canvas is None else canvas.blank(rgba.size))
    if image.mode in ("RGB", "L"):
        return image
    return image.convert("RGB") if canvas is None else paste_strips(image, canvas.blank(image.size))


def paste_strips(image: Image.Image, onto: Image.Image) -> Image.Image:
    """Pastes an image of any mode over one of its size, without a whole copy between; returns `onto`."""
    for top in range(0, image.height, STRIP):
        strip = image.crop((0, top, image.width, min(top + STRIP, image.height)))
        onto.paste(strip.convert(onto.mode), (0, top))
    return onto


def _grey_to_srgb(rgba: Image.Image, profile: bytes) -> Image.Image:
    """A grey picture with transparency in sRGB: profiles for grey are for pictures without."""
    alpha = rgba.getchannel("A")
    rgb = to_srgb(rgba.getchannel("R"), profile).convert("RGB")
    rgb.putalpha(alpha)
    return rgb


def _over_white(rgba: Image.Image, rgb: Image.Image) -> Image.Image:
    rgb.paste("white", (0, 0, *rgb.size))
    rgb.paste(rgba, mask=rgba.getchannel("A"))
    return rgb


def _grey(picture: Picture) -> Image.Image:
    """8 bits from more; with an alpha channel if one value is transparent."""
    values = np.asarray(picture.image)
    if picture.is_unsigned and values.dtype == np.int32:
        values = values.view(np.uint32)
    pixels = grey_to_uint8(values, picture.bits, picture.most_bits)
    image = Image.fromarray(255 - pixels if picture.is_negative else pixels)
    transparent = picture.image.info.get("transparency")
    if isinstance(transparent, int):
        image = image.convert("RGBA")
        image.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return image


__all__ = ["Canvas", "paste_strips", "to_srgb_or_grey", "upright_rgb"]
