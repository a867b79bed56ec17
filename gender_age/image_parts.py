"""Copies and parts of a photo that a detector searches."""

from __future__ import annotations

import numpy as np
from PIL import Image

# A smaller image is padded: P-Net would see no window of it, or one.
SMALLEST_SIDE = 48
PAD_GREY = 128
# Levels of a channel between the darkest and the brightest pixel; with so few, MTCNN finds none of 32 faces.
LEAST_CONTRAST = 16
# Tiles of a panorama: their longer side per shorter one, the share of it that they have in common, and the least that a
# tile has of the panorama: there are 21 at most.
TILE_RATIO, TILE_OVERLAP, SMALLEST_TILE_SHARE = 1.5, 0.25, 1 / 16


def tiles(image: Image.Image) -> list[tuple[Image.Image, tuple[int, int]]]:
    """Overlapping parts of a panorama, with the left upper corner of each."""
    longer, shorter = max(image.size), min(image.size)
    length = max(round(shorter * TILE_RATIO), int(longer * SMALLEST_TILE_SHARE))
    count = max(2, int(np.ceil((longer - length) / (length * (1 - TILE_OVERLAP)))) + 1)
    starts = np.linspace(0, longer - length, count).round().astype(int).tolist()
    if image.width >= image.height:
        return [(image.crop((start, 0, start + length, image.height)), (start, 0)) for start in starts]
    return [(image.crop((0, start, image.width, start + length)), (0, start)) for start in starts]


def reduced(image: Image.Image, longest_side: int) -> tuple[Image.Image, float]:
    """An RGB copy of at most `longest_side` pixels on its longer side, and its scale (copy pixels per image pixel)."""
    scale = min(1.0, longest_side / max(image.size))
    if scale < 1.0:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.3)
    return image.convert("RGB"), scale


def is_blank(image_rgb: Image.Image) -> bool:
    """Whether an image has so little contrast that no face can be seen in it: fewer than 16 levels in every channel."""
    extrema = np.array(image_rgb.getextrema())  # (3, 2)
    return bool((extrema[:, 1] - extrema[:, 0] < LEAST_CONTRAST).all())


def padded(image_rgb: Image.Image) -> np.ndarray:
    """The image as `(height, width, 3)` uint8, grown to the right and below where a side is under `SMALLEST_SIDE`."""
    pixels = np.asarray(image_rgb)
    missing = [max(0, SMALLEST_SIDE - side) for side in pixels.shape[:2]]
    if not any(missing):
        return pixels
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=PAD_GREY)


__all__ = ["PAD_GREY", "is_blank", "padded", "reduced", "tiles"]
