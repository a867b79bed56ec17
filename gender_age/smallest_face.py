"""The smallest face that is looked for in a photo."""

from __future__ import annotations

from .detection import (
    DETECTION_SIDE,
    FINE_FACE_SHARE,
    FINE_GAIN,
    FINE_SIDE,
    FINE_SMALLEST_FACE,
    MAX_TILES,
    PANORAMA_RATIO,
    SMALLEST_FACE,
    SMALLEST_FACE_SHARE,
    TILE_RATIO,
)


def smallest_face_px(size_wh: tuple[int, int]) -> float:
    """Side of the smallest face that `FaceDetector.detect_any_rotation` looks for, in pixels of the photo.

    It is that of the finest search, which is made only where the first one finds no large face or several small ones.

    Args:
        size_wh: of the photo, in pixels.
    """
    longer, shorter = max(size_wh), min(size_wh)
    if longer > PANORAMA_RATIO * shorter:
        tile = max(shorter * TILE_RATIO, longer / MAX_TILES)
        return _limit(tile, SMALLEST_FACE, DETECTION_SIDE, SMALLEST_FACE_SHARE)
    first = _limit(longer, SMALLEST_FACE, DETECTION_SIDE, SMALLEST_FACE_SHARE)
    fine = _limit(longer, FINE_SMALLEST_FACE, FINE_SIDE, FINE_FACE_SHARE)
    return first if fine > FINE_GAIN * first else fine


def _limit(longer: float, smallest: int, side: int, share: float) -> float:
    """In pixels of an image that is searched at `side` pixels for faces from `smallest` pixels on."""
    return max(smallest * max(1.0, longer / side), longer * share)


__all__ = ["smallest_face_px"]
