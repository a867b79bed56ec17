"""Pixels that two processes share: an RGB image over a piece of memory, without a copy of either."""

from __future__ import annotations

import mmap

from PIL import Image

BYTES_PER_PIXEL = 4


def rgb_over(memory: mmap.mmap, size_wh: tuple[int, int]) -> Image.Image:
    """An RGB image whose pixels are those in the memory, as Pillow keeps them: four bytes each, the last one unused.

    Pillow's methods that change an image copy it first; set `readonly` to 0 to write into the memory.

    Args:
        memory: at least width × height × 4 bytes; it lives as long as the image does.
        size_wh: width and height.
    """
    image = Image.frombuffer("RGBX", size_wh, memory, "raw", "RGBX", 0, 1)  # type: ignore[arg-type]
    # Pillow maps no RGB (`Image._MAPMODES`), though its layout is that of RGBX, and `convert` copies. `putalpha`
    # changes the mode in this way. No issue was found; `test_pillow_maps_no_rgb` fails once it does.
    image.im.setmode("RGB")
    image._mode = "RGB"
    return image


__all__ = ["BYTES_PER_PIXEL", "rgb_over"]
