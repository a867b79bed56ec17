"""Pixels that two processes share: an image over a piece of memory, without a copy of either."""

from __future__ import annotations

import mmap
from contextlib import suppress

import numpy as np
from PIL import Image

BYTES_PER_PIXEL = {"RGB": 4, "L": 1}
"""Of each mode that is shared, as Pillow keeps it: the fourth byte of RGB is unused."""

STEPS = {
    2: (False, 1, -1),
    3: (False, -1, -1),
    4: (False, -1, 1),
    5: (True, 1, 1),
    6: (True, 1, -1),
    7: (True, -1, -1),
    8: (True, -1, 1),
}
"""EXIF orientation -> whether rows and columns change places, and then the steps down and to the right."""

# Rows and columns that change places at once, so that both stay in the processor's cache.
BLOCK_HW = (512, 64)


def image_over(memory: mmap.mmap, size_wh: tuple[int, int], mode: str) -> Image.Image:
    """An image whose pixels are those in the memory.

    Pillow's methods that change an image copy it first; set `readonly` to 0 to write into the memory.

    Args:
        memory: at least width × height × `BYTES_PER_PIXEL`; it lives as long as the image does.
        size_wh: width and height.
        mode: RGB or L.
    """
    if mode == "L":
        return Image.frombuffer("L", size_wh, memory, "raw", "L", 0, 1)  # type: ignore[arg-type]
    # `frombuffer` maps no RGB (`Image._MAPMODES`), though its layout is that of RGBX, and `convert` copies; what it
    # calls does. No issue was found; `test_pillow_maps_no_rgb` fails once `frombuffer` does.
    image = Image.new("RGB", (0, 0))._new(Image.core.map_buffer(memory, size_wh, "raw", 0, ("RGB", 0, 1)))
    image.readonly = 1
    return image


def turned_image(memory: mmap.mmap, size_wh: tuple[int, int], mode: str, orientation: int) -> Image.Image:
    """`image_over` in memory of its own, made upright.

    Args:
        memory, size_wh, mode: as `image_over` takes them, before the turn; the memory may be changed afterwards.
        orientation: EXIF's, from 2 to 8.

    Raises:
        MemoryError: there is not enough.
    """
    is_on_side, down, right = STEPS[orientation]
    width, height = size_wh
    num_bytes = BYTES_PER_PIXEL[mode]
    pixels = np.frombuffer(memory, f"u{num_bytes}", width * height).reshape(height, width)
    if is_on_side:
        pixels, width, height = pixels.T, height, width
    pixels = pixels[::down, ::right]
    own = _large_pages(width * height * num_bytes)
    onto = np.frombuffer(own, pixels.dtype, width * height).reshape(height, width)
    rows, columns = BLOCK_HW if is_on_side else (height, width)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            block = slice(top, top + rows), slice(left, left + columns)
            onto[block] = pixels[block]
    return image_over(own, (width, height), mode)


def _large_pages(num_bytes: int) -> mmap.mmap:
    """Memory of Linux's large pages, which it lays out in a fifth of the time."""
    try:
        memory = mmap.mmap(-1, num_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError from error
    with suppress(OSError):  # a system without them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


__all__ = ["BYTES_PER_PIXEL", "STEPS", "image_over", "turned_image"]
