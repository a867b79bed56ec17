"""Grey pictures with more than 8 bits per sample, as 8 bits.

Scanners, scientific cameras and RAW converters store 8, 10, 12 or 14 bits in samples of 16; files seldom say so.
"""

from __future__ import annotations

import numpy as np

DEPTHS = (8, 10, 12, 14, 16)


def grey_to_uint8(values: np.ndarray, bits: int = 0) -> np.ndarray:
    """Grey values `(height, width)` of 16 or 32 bits or floats as uint8.

    Floats in 0..1 keep that scale, and so do those of which at least half are, as of pictures with highlights above
    white (zeros do not count). All else in 0..65535 has the smallest depth of 8, 10, 12, 14 or 16 bits that holds
    the greatest value. Nothing is stretched further: the greatest value is never brighter than white, and a dark
    picture stays dark; only where a 16-bit picture is so dark that all of it fits into fewer bits, and `bits` does not
    say better, it is taken for one of that depth. Values outside 0..65535 are stretched from the least to the
    greatest finite one.

    Args:
        values: of any integer or float type.
        bits: the least depth of a sample, as the file says; 0 if it doesn't.
    """
    low, high = _finite_range(values)
    if values.dtype.kind == "f":
        is_share = low >= 0 and _is_mostly_up_to_white(values)
        values = np.nan_to_num(values, nan=low, posinf=1.0 if is_share else high, neginf=low)
        if is_share:
            return np.rint(values * np.float32(255)).clip(0, 255).astype(np.uint8)
    if low >= 0 and high <= 65535:
        return _scaled(values, high, bits)
    return np.rint((values - np.float32(low)) * np.float32(255 / ((high - low) or 1))).clip(0, 255).astype(np.uint8)


def _finite_range(values: np.ndarray) -> tuple[float, float]:
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def _is_mostly_up_to_white(values: np.ndarray) -> bool:
    """Whether floats that are not negative have a scale of 0..1."""
    lit = values[np.isfinite(values) & (values > 0)]
    return lit.size == 0 or np.count_nonzero(lit <= 1) * 2 >= lit.size


def _scaled(values: np.ndarray, high: float, bits: int) -> np.ndarray:
    depth = next(depth for depth in DEPTHS if high < 1 << depth and min(bits, 16) <= depth)
    white = (1 << depth) - 1
    if values.dtype.kind == "f":
        return np.rint(values * np.float32(255 / white)).clip(0, 255).astype(np.uint8)
    # A table is faster than arithmetic and exact: 65,536 divisions instead of one a pixel.
    table = ((np.arange(white + 1, dtype=np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    return table[values]


__all__ = ["grey_to_uint8"]
