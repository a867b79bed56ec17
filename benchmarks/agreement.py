"""Detection recall of the predictor's detector and the baseline on composed photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from gender_age.detection import FaceDetector

from .photos import KINDS, ComposedPhoto, PlacedFace

Box = Sequence[float]
# A box matches a face if its centre is inside the face's box and their longer sides differ by at most this factor:
# rotated and partly hidden faces get other boxes.
LARGEST_FACTOR = 2.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts over all photos; every face is at least 1/40 of the longer side.

    Attributes:
        photos, faces: numbers of photos and faces.
        ours, theirs: faces found by the predictor's detector and by the baseline.
        only_theirs: faces found by the baseline only.
        ours_extra, theirs_extra: false positives.
        by_kind: `(faces, ours, theirs)` of plain, turned, dim and hidden faces.
    """

    photos: int
    faces: int
    ours: int
    theirs: int
    only_theirs: int
    ours_extra: int
    theirs_extra: int
    by_kind: dict[str, tuple[int, int, int]]


def matched(faces: Sequence[PlacedFace], boxes: Sequence[Box]) -> tuple[set[int], int]:
    """The indices of the matched faces, and the number of unmatched boxes."""
    found: set[int] = set()
    extra = 0
    for box in boxes:
        match = next((i for i, face in enumerate(faces) if i not in found and _is_same(face.box, box)), None)
        if match is None:
            extra += 1
        else:
            found.add(match)
    return found, extra


def measure_agreement(
    composed: Callable[[int], ComposedPhoto],
    number: int,
    ours: Callable[[Image.Image], list[Box]],
    theirs: Callable[[Image.Image], list[Box]],
) -> Agreement:
    """Runs both detectors on `number` photos.

    Args:
        composed: index -> photo.
        ours, theirs: image -> detected boxes.
    """
    by_kind = {kind: [0, 0, 0] for kind in ("plain", *KINDS)}
    only_theirs = ours_extra = theirs_extra = 0
    for index in range(number):
        photo = composed(index)
        our_faces, our_extra = matched(photo.faces, ours(photo.image_rgb))
        their_faces, their_extra = matched(photo.faces, theirs(photo.image_rgb))
        only_theirs += len(their_faces - our_faces)
        ours_extra += our_extra
        theirs_extra += their_extra
        for position, face in enumerate(photo.faces):
            counts = by_kind[face.kind]
            counts[0] += 1
            counts[1] += position in our_faces
            counts[2] += position in their_faces
    faces, found, found_by_them = (sum(counts[column] for counts in by_kind.values()) for column in range(3))
    kinds = {kind: tuple(counts) for kind, counts in by_kind.items()}
    return Agreement(number, faces, found, found_by_them, only_theirs, ours_extra, theirs_extra, kinds)


def searched_by(detector: FaceDetector) -> Callable[[Image.Image], list[Box]]:
    """The detector's boxes as in the app; all are wrong if it rotates the photo, since all photos are upright."""

    def boxes(image_rgb: Image.Image) -> list[Box]:
        rotation, faces = detector.detect_any_rotation(image_rgb)
        if rotation == 0:
            return [face.box for face in faces]
        outside = ((-x2, -y2, -x1, -y1) for x1, y1, x2, y2 in (face.box for face in faces))
        return list(outside)

    return boxes


def _is_same(face: Box, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    inside = face[0] <= x <= face[2] and face[1] <= y <= face[3]
    return inside and 1 / LARGEST_FACTOR <= _side(box) / _side(face) <= LARGEST_FACTOR


def _side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])
