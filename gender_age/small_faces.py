"""How small the faces are that a photo is searched for."""

from __future__ import annotations

from collections.abc import Sequence

from .face_search import SMALLEST_FACE, SMALLEST_FACE_SHARE
from .found_faces import Face
from .image_parts import SMALLEST_TILE_SHARE, TILE_RATIO

# Faces are detected on a copy whose longer side has at most this many pixels: MTCNN's cost grows with
# (longer side / smallest face)², and a larger copy finds the same faces (facenet-pytorch#77, #179).
DETECTION_SIDE = 1024
# A finer search where the first found no face above this share of the longer side, or several near its limit.
FINE_SIDE, FINE_FACE_SHARE, FINE_SMALLEST_FACE = 2048, 1 / 100, 14
FINE_BELOW_SHARE, FINE_FROM_FACES, FINE_NEAR_LIMIT, FINE_GAIN = 1 / 20, 3, 1.7, 0.6
# A photo that is wider than this many heights, or the other way round, is searched in overlapping tiles.
PANORAMA_RATIO = 3.0


def is_panorama(size_wh: tuple[int, int]) -> bool:
    """Whether a photo is so wide, or so high, that it is searched in tiles."""
    return max(size_wh) > PANORAMA_RATIO * min(size_wh)


def may_hold_smaller(size_wh: tuple[int, int], found: Sequence[Face]) -> bool:
    """Whether a finer search pays, after the first one found these faces in a photo."""
    longer, limit = max(size_wh), _first_limit(max(size_wh))
    near_limit = sum(face.side < FINE_NEAR_LIMIT * limit for face in found)
    has_large = any(face.side >= longer * FINE_BELOW_SHARE for face in found)
    return _gains_from_finer(longer) and (not has_large or near_limit >= FINE_FROM_FACES)


def smallest_face_px(size_wh: tuple[int, int]) -> float:
    """Side of the smallest face that `FaceDetector.detect_any_rotation` looks for, in pixels of the photo.

    It is that of the finest search, which is made only where the first one finds no large face or several small ones.

    Args:
        size_wh: of the photo, in pixels.
    """
    longer, shorter = max(size_wh), min(size_wh)
    if is_panorama(size_wh):
        return _first_limit(max(shorter * TILE_RATIO, longer * SMALLEST_TILE_SHARE))
    return _fine_limit(longer) if _gains_from_finer(longer) else _first_limit(longer)


def _gains_from_finer(longer: float) -> bool:
    return _fine_limit(longer) <= FINE_GAIN * _first_limit(longer)


def _first_limit(longer: float) -> float:
    return _limit(longer, SMALLEST_FACE, DETECTION_SIDE, SMALLEST_FACE_SHARE)


def _fine_limit(longer: float) -> float:
    return _limit(longer, FINE_SMALLEST_FACE, FINE_SIDE, FINE_FACE_SHARE)


def _limit(longer: float, smallest: int, side: int, share: float) -> float:
    """In pixels of an image that is searched at `side` pixels for faces from `smallest` pixels on."""
    return max(smallest * max(1.0, longer / side), longer * share)


__all__ = [
    "DETECTION_SIDE",
    "FINE_FACE_SHARE",
    "FINE_SIDE",
    "FINE_SMALLEST_FACE",
    "is_panorama",
    "may_hold_smaller",
    "smallest_face_px",
]
