"""Frames as they are shown: turned and mirrored as their file says."""

from __future__ import annotations

from typing import Any

import numpy as np


def upright(pixels: np.ndarray, display_matrix: Any) -> np.ndarray:
    """Frames as they are shown: turned by quarters, mirrored, or both.

    Args:
        display_matrix: FFmpeg's side data, nine int32 in rows `a b u, c d v, x y w`: the pixel at `(x, y)` is shown at
            `(a x + c y, b x + d y)`, in 16.16 fixed point, y downwards. None for a frame that is upright.
    """
    if display_matrix is None:
        return pixels
    a, b, _, c, d, *_ = np.frombuffer(display_matrix, np.int32).tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels, a, d = pixels.transpose(1, 0, 2), c, b
    return pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]


__all__ = ["upright"]
