"""Pixels that two processes share: an image over a piece of memory, without a copy of either."""

from __future__ import annotations

import mmap

from PIL import Image

BYTES_PER_PIXEL = {"RGB": 4, "L": 1}
"""Of each mode that is shared, as Pillow keeps it: the fourth byte of RGB is unused."""


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


__all__ = ["BYTES_PER_PIXEL", "image_over"]
