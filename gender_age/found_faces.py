"""A detected face, moved between images, and which of several boxes are one face."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .geometry import Box, Landmarks

# Two boxes are one face if they share so much of the smaller one and are of like size, or if the smaller lies in the
# larger and both have their eyes and mouth in the same place. A head tilted by 45° is found twice with 59 %.
SAME_SHARE, SAME_GROWTH = 0.5, 1.8
# Distance of the landmarks' centres, in sides of the smaller box.
SAME_DISTANCE = 0.3


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face.

    Attributes:
        box: in pixels of the image that was searched, clamped to it.
        score: the detector's certainty, in [0, 1].
        landmarks: in pixels of the image that was searched.
        agreement: in [0, 1], how much the detector takes mirrored, smaller and larger views of the box for faces.
    """

    box: Box
    score: float
    landmarks: Landmarks
    agreement: float = 1.0

    @property
    def tilt(self) -> float:
        """Angle of the eye line against the horizontal, in degrees within [-180, 180]; 0 is upright."""
        (left_x, left_y), (right_x, right_y) = self.landmarks[:2]
        return math.degrees(math.atan2(right_y - left_y, right_x - left_x))

    @property
    def side(self) -> float:
        """Longer side of the box in pixels."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def eye_spread(self) -> float:
        """Distance of the eyes as a share of the box's width, less their depth below its top as a share of its height.

        Above 0 for a face seen from the front. In an upside-down face MTCNN finds a smaller, lower pair of eyes.
        """
        x1, y1, x2, y2 = self.box
        (left_x, left_y), (right_x, right_y) = self.landmarks[:2]
        width, height = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
        return (right_x - left_x) / width - ((left_y + right_y) / 2 - y1) / height

    def moved(self, factor: float, shift_xy: tuple[float, float], size_wh: tuple[int, int]) -> Face:
        """The face in another image: coordinates times `factor`, plus `shift_xy`; the box is clamped to `size_wh`."""
        dx, dy = shift_xy
        x1, y1, x2, y2 = self.box
        return replace(
            self,
            box=clamped((x1 * factor + dx, y1 * factor + dy, x2 * factor + dx, y2 * factor + dy), size_wh),
            landmarks=tuple((x * factor + dx, y * factor + dy) for x, y in self.landmarks),
        )

    def scaled(self, factor: float, size_wh: tuple[int, int]) -> Face:
        """The face in a larger or smaller copy of `size_wh` pixels."""
        return self.moved(factor, (0.0, 0.0), size_wh)

    def turned_back(self, rotation: int, size_wh: tuple[int, int]) -> Face:
        """The face in an image of `size_wh` pixels, in which it was found after that was turned by `rotation`."""
        width, height = size_wh

        def back(x: float, y: float) -> tuple[float, float]:
            return {0: (x, y), 90: (width - y, x), 180: (width - x, height - y), 270: (y, height - x)}[rotation]

        (x1, y1), (x2, y2) = back(*self.box[:2]), back(*self.box[2:])
        box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        return replace(self, box=box, landmarks=tuple(back(x, y) for x, y in self.landmarks))


def clamped(box_xyxy: Sequence[float], size_wh: tuple[int, int]) -> Box:
    """The box with its sides inside an image of `size_wh` pixels."""
    (x1, y1, x2, y2), (width, height) = map(float, box_xyxy), size_wh
    return (
        min(max(x1, 0.0), float(width)),
        min(max(y1, 0.0), float(height)),
        min(max(x2, 0.0), float(width)),
        min(max(y2, 0.0), float(height)),
    )


def left_to_right(faces: Iterable[Face]) -> list[Face]:
    """The faces by box centre."""
    return sorted(faces, key=lambda face: (face.box[0] + face.box[2], face.box[1]))


def largest(faces: Sequence[Face], number: int) -> list[Face]:
    """The faces with the largest boxes, left to right."""
    return left_to_right(sorted(faces, key=lambda face: face.side, reverse=True)[:number])


def without_duplicates(faces: Iterable[Face]) -> list[Face]:
    """One box a face, that of the best score, left to right."""
    kept: list[Face] = []
    corners = np.zeros((0, 4))
    for face in sorted(faces, key=lambda face: -face.score):
        x1, y1, x2, y2 = face.box
        meets = (corners[:, 0] < x2) & (corners[:, 2] > x1) & (corners[:, 1] < y2) & (corners[:, 3] > y1)
        if not any(is_same_face(face, kept[other]) for other in np.flatnonzero(meets)):
            kept.append(face)
            corners = np.vstack([corners, face.box])
    return left_to_right(kept)


def is_same_face(a: Face, b: Face) -> bool:
    """Whether two boxes of one image hold one face."""
    if shared_area(a.box, b.box) <= SAME_SHARE:
        return False
    sides = math.sqrt(_area(a.box)), math.sqrt(_area(b.box))
    apart = math.dist(*(_centre(face.landmarks) for face in (a, b))) / min(sides)
    return max(sides) / min(sides) <= SAME_GROWTH or apart <= SAME_DISTANCE


def shared_area(a: Box, b: Box) -> float:
    """What two boxes have in common, as a share of the smaller one."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height) / min(_area(a), _area(b))


def _area(box: Box) -> float:
    return max(1e-6, (box[2] - box[0]) * (box[3] - box[1]))


def _centre(points: Landmarks) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


__all__ = ["Face", "clamped", "is_same_face", "largest", "left_to_right", "shared_area", "without_duplicates"]
