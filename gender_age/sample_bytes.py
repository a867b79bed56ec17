"""Which bytes of a sample Pillow's decoders keep, and in which order: corrected before a picture is decoded."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFile

from .grey_depth import grey_to_uint8

DEEP_COLOURS = re.compile(r"RGB[AX]?;16[BLN]")
# N is the machine's own order, which is little-endian wherever this runs.
OTHER_ORDER = {"B": "L", "L": "B", "N": "B"}
# What the upper byte reaches in a sample of 14 bits.
LESS_THAN_15_BITS = 1 << 6
# A larger picture is decoded once and may stay dark: whoever means harm would double its cost.
MOST_PIXELS = 25_000_000
STRIP = 64


def expect_native_order(image: ImageFile.ImageFile) -> None:
    """libtiff gives samples in the machine's byte order; Pillow expects floats and signed integers in the file's."""
    _change_raw_modes(image, lambda raw_mode: re.sub(r"(;\d+)B", r"\1N", raw_mode), codec="libtiff")


def has_deep_colours(image: ImageFile.ImageFile) -> bool:
    """Whether it has colours of 16 bits, of which Pillow keeps the upper byte, and is small enough to decode both."""
    if image.width * image.height > MOST_PIXELS:
        return False
    return bool(image.tile) and all(DEEP_COLOURS.fullmatch(_raw_mode(tile)) for tile in image.tile)


def expect_low_bytes(image: ImageFile.ImageFile) -> ImageFile.ImageFile:
    """The image, which decoding will give the lower byte of each of its colours of 16 bits."""
    _change_raw_modes(image, lambda raw_mode: raw_mode[:-1] + OTHER_ORDER[raw_mode[-1]])
    return image


def with_depth(upper: Image.Image, lower: Image.Image, bits: int) -> Image.Image:
    """Colours of 16 bits as 8 bits: of the smallest depth that holds the greatest sample, as `grey_to_uint8` does.

    Args:
        upper: the upper bytes, RGB or RGBA; returned itself where the picture has more than 14 bits.
        lower: the lower bytes, decoded where they count.
        bits: the least depth of a sample, as the file says; 0 if it doesn't.
    """
    if max(most for _, most in upper.getextrema()[:3]) >= LESS_THAN_15_BITS:  # type: ignore[misc]
        return upper
    lower.load()
    image = Image.fromarray(grey_to_uint8(_samples(upper, lower), bits))
    if upper.mode == "RGBA":
        image.putalpha(upper.getchannel("A"))
    image.info = dict(upper.info)
    return image


def _samples(upper: Image.Image, lower: Image.Image) -> np.ndarray:
    """`(height, width, 3)` uint16, made in strips: each whole array of a picture takes two copies more."""
    width, height = upper.size
    values = np.empty((height, width, 3), np.uint16)
    for top in range(0, height, STRIP):
        box = (0, top, width, min(top + STRIP, height))
        high, low = (np.asarray(image.crop(box))[..., :3] for image in (upper, lower))
        values[top : box[3]] = high.astype(np.uint16) << 8 | low
    return values


def _raw_mode(tile: ImageFile._Tile) -> str:
    return str(tile.args if isinstance(tile.args, str) or not tile.args else tile.args[0])


def _change_raw_modes(image: ImageFile.ImageFile, change: Callable[[str], str], codec: str | None = None) -> None:
    """Args: codec: of the tiles that are changed; None for all."""
    for number, tile in enumerate(image.tile):
        if codec in (None, tile.codec_name):
            raw_mode = change(_raw_mode(tile))
            args = raw_mode if isinstance(tile.args, str) else (raw_mode, *(tile.args or ())[1:])
            image.tile[number] = tile._replace(args=args)


__all__ = ["expect_low_bytes", "expect_native_order", "has_deep_colours", "with_depth"]
