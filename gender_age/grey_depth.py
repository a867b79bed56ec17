"""Grey pictures with more than 8 bits per sample, as 8 bits.

Scanners, scientific cameras and RAW converters store 8, 10, 12 or 14 bits in samples of 16; files seldom say so.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

DEPTHS = (8, 10, 12, 14, 16)
# Rows that are looked at at once: what is made of a large picture on the way is never large.
STRIP = 64


def grey_to_uint8(values: np.ndarray, bits: int = 0, most_bits: int = 16) -> np.ndarray:
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
        most_bits: the greatest depth of a sample: 15 where one of 16 bits is its sign.
    """
    low, high = _finite_range(values)
    if values.dtype.kind != "f":
        return _from(values, low, high, (bits, most_bits))
    depth = (bits, most_bits)
    is_share = low >= 0 and _is_mostly_up_to_white(values)
    pixels = np.empty(values.shape, np.uint8)
    for strip, onto in zip(_strips(values), _strips(pixels), strict=True):
        finite = np.nan_to_num(strip, nan=low, posinf=1.0 if is_share else high, neginf=low)
        onto[...] = np.rint(finite * np.float32(255)).clip(0, 255) if is_share else _from(finite, low, high, depth)
    return pixels


def _from(values: np.ndarray, low: float, high: float, depth: tuple[int, int]) -> np.ndarray:
    """Finite values of which `low` and `high` are the least and greatest."""
    if low >= 0 and high <= 65535:
        return _scaled(values, high, *depth)
    return np.rint((values - np.float32(low)) * np.float32(255 / ((high - low) or 1))).clip(0, 255).astype(np.uint8)


def _strips(values: np.ndarray) -> Iterator[np.ndarray]:
    return (values[top : top + STRIP] for top in range(0, len(values), STRIP))


def _finite_range(values: np.ndarray) -> tuple[float, float]:
    if values.dtype.kind != "f":
        return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    finite = (strip[np.isfinite(strip)] for strip in _strips(values))
    ranges = [(float(kept.min()), float(kept.max())) for kept in finite if kept.size]
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else (0.0, 0.0)


def _is_mostly_up_to_white(values: np.ndarray) -> bool:
    """Whether floats that are not negative have a scale of 0..1."""
    num_lit = num_up_to_white = 0
    for strip in _strips(values):
        lit = np.isfinite(strip) & (strip > 0)
        num_lit += int(np.count_nonzero(lit))
        num_up_to_white += int(np.count_nonzero(lit & (strip <= 1)))
    return num_up_to_white * 2 >= num_lit


def _scaled(values: np.ndarray, high: float, bits: int, most_bits: int) -> np.ndarray:
    depth = next(depth for depth in DEPTHS if high < 1 << depth and min(bits, 16) <= depth)
    white = (1 << min(depth, most_bits)) - 1
    if values.dtype.kind == "f":
        return np.rint(values * np.float32(255 / white)).clip(0, 255).astype(np.uint8)
    # A table is faster than arithmetic and exact: 65,536 divisions instead of one a pixel.
    table = ((np.arange(white + 1, dtype=np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    return table[values]


__all__ = ["grey_to_uint8"]
