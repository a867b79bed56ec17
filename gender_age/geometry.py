"""Boxes and landmarks: the names of their shapes, and boxes in whole pixels."""

from __future__ import annotations

Box = tuple[float, float, float, float]
"""`(x1, y1, x2, y2)` in pixels, `(0, 0)` being the image's upper left corner."""

PixelBox = tuple[int, int, int, int]
"""A `Box` in whole pixels, inside its image and never empty."""

Landmarks = tuple[tuple[float, float], ...]
"""Five `(x, y)` in pixels: the eye on the image's left, the other eye, nose, the mouth's corners in the same order.
They may lie outside the image."""


def whole_pixels(box_xyxy: Box, size_wh: tuple[int, int]) -> PixelBox:
    """The box in whole pixels, inside the image and at least one pixel wide and high."""
    width, height = size_wh
    x1, y1, x2, y2 = map(round, box_xyxy)
    x1, y1 = min(max(x1, 0), width - 1), min(max(y1, 0), height - 1)
    return x1, y1, min(max(x2, x1 + 1), width), min(max(y2, y1 + 1), height)


__all__ = ["Box", "Landmarks", "PixelBox", "whole_pixels"]
