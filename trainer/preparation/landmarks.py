"""Decodes a source's images, detects their landmarks in batches of one size, and stages them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image
from tqdm import tqdm

from gender_age.errors import PhotoError
from gender_age.found_faces import Face
from gender_age.geometry import Box
from gender_age.turning import is_certainly_upright

from ..sources.own_boxes import IMPOSSIBLE_BOX
from .photos import as_png, decode, storable
from .splits import thumbnail
from .staging import Staging

UNDECODABLE = "not a readable image"
UNREADABLE = "missing, empty or too large"
NO_FACE = "no face found"
NOT_IN_BOX = "no face found in the box"

BATCH = 64
# 64 crops of 224 px have 3 million pixels; larger photos form smaller batches. The second limits the buffered images of
# incomplete batches.
BATCH_PIXELS = 4_000_000
WAITING_PIXELS = 32_000_000

SMALLEST_OVERLAP = 0.1
"""Intersection over union of a detected face and a given box, which may be that of a head."""

Points = tuple[tuple[float, float], ...]


class Detector(Protocol):
    """The required part of the interface of `gender_age.detection.FaceDetector`."""

    def detect_batch(self, images: Sequence[Image.Image]) -> list[list[Face]]: ...

    def detect_any_rotation(self, image: Image.Image) -> tuple[int, list[Face]]: ...


@dataclass(frozen=True, slots=True)
class Search:
    """How a source's images are searched.

    Attributes:
        are_photos: search as serving does, also for faces of photos that lie on their side, and leave out images
            without a face. Otherwise images are face crops: upright, and kept without landmarks.
        boxes: file -> `(x1, y1, x2, y2)` of the face that is labelled, which is cut out with its surroundings.
        relative_boxes: whether these are in shares of the image's width and height, not in pixels.
    """

    are_photos: bool = False
    boxes: Mapping[str, Box] = field(default_factory=dict)
    relative_boxes: bool = False


CROPS = Search()
"""Of sources of face crops."""


def main_face(faces: Sequence[Face], size_wh: tuple[int, int]) -> Face | None:
    """The main face of an image: large and central.

    Maximises `box area − 2 × squared distance from the image's centre`, as facenet-pytorch's
    `select_boxes(method="center_weighted_size")` (https://github.com/timesler/facenet-pytorch/pull/122); None without
    faces.
    """

    def weight(face: Face) -> tuple[float, float]:
        x1, y1, x2, y2 = face.box
        away = ((x1 + x2 - size_wh[0]) / 2) ** 2 + ((y1 + y2 - size_wh[1]) / 2) ** 2
        return (x2 - x1) * (y2 - y1) - 2 * away, face.score

    return max(faces, key=weight, default=None)


def boxed_face(faces: Sequence[Face], box: Box) -> Face | None:
    """The face that overlaps most with a given box; None if none does."""
    best = max(faces, key=lambda face: _overlap(face.box, box), default=None)
    return best if best is not None and _overlap(best.box, box) >= SMALLEST_OVERLAP else None


def photo_face(image: Image.Image, faces: Sequence[Face], detector: Detector, box: Box | None = None) -> Face | None:
    """The labelled face of a photo, in its pixels, found as serving finds it: the one in `box`, else the main one.

    Args:
        image: upright by its EXIF orientation.
        faces: what the detector finds without turning it.
        detector: looks again, turning it, where these faces do not prove that it stands upright, or none is in the box.
        box: of the labelled face, in pixels.
    """

    def chosen(found: Sequence[Face]) -> Face | None:
        return main_face(found, image.size) if box is None else boxed_face(found, box)

    if is_certainly_upright(faces) and (face := chosen(faces)) is not None:
        return face
    rotation, found = detector.detect_any_rotation(image)
    return chosen([face.turned_back(rotation, image.size) for face in found])


def rounded(face: Face | None) -> Points | None:
    """The landmarks to store. Finer digits depend on the batch size and are not reproducible."""
    return face and tuple((round(x, 2), round(y, 2)) for x, y in face.landmarks)


def find_landmarks(
    images: Iterable[tuple[str, bytes | None]],
    staging: Staging,
    detector: Detector,
    total: int,
    progress: bool = True,
    search: Search = CROPS,
) -> None:
    """Stages each `(file, encoded bytes)`, usable ones with the landmarks of their face in upright pixels.

    Flushes after every batch, so that a kill loses at most one batch.
    """
    with tqdm(total=total, unit=" images", desc="finding landmarks", disable=not progress) as bar:
        for batch in _batches(images, staging, bar):
            found = detector.detect_batch([image for _, _, image in batch])
            for (file, data, image), faces in zip(batch, found, strict=True):
                if search.are_photos:
                    box = search.boxes.get(file)
                    if box and (box := _inside(box, image.size, search.relative_boxes)) is None:
                        staging.skip(file, IMPOSSIBLE_BOX)
                        continue
                    _stage_photo(file, data, image, photo_face(image, faces, detector, box), box, staging)
                else:
                    points = rounded(main_face(faces, image.size))
                    staging.add(file, storable(data, image), thumbnail(image), points)
            staging.flush()
            bar.update(len(batch))


def _stage_photo(
    file: str, data: bytes, image: Image.Image, face: Face | None, box: Box | None, staging: Staging
) -> None:
    if face is None:
        staging.skip(file, NO_FACE if box is None else NOT_IN_BOX)
    elif box is None:
        staging.add(file, storable(data, image), thumbnail(image), rounded(face))
    else:
        left, top, right, bottom = _surroundings(box, face.box, image.size)
        cut = image.crop((left, top, right, bottom))
        staging.add(file, as_png(cut), thumbnail(cut), rounded(face.moved(1.0, (-left, -top), cut.size)))


def _inside(box: Box, size_wh: tuple[int, int], relative: bool) -> Box | None:
    """The part of a box within the image, in pixels; None if it holds none."""
    width, height = size_wh
    x1, y1, x2, y2 = (end * side for end, side in zip(box, (*size_wh, *size_wh), strict=True)) if relative else box
    x1, y1, x2, y2 = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
    return (x1, y1, x2, y2) if x2 - x1 >= 1 and y2 - y1 >= 1 else None


def _surroundings(box: Box, face_box: Box, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Both boxes, and half the longer side more around them, within the image."""
    x1, y1 = min(box[0], face_box[0]), min(box[1], face_box[1])
    x2, y2 = max(box[2], face_box[2]), max(box[3], face_box[3])
    more = max(x2 - x1, y2 - y1) / 2
    left, top = max(0, int(x1 - more)), max(0, int(y1 - more))
    return left, top, min(size_wh[0], math.ceil(x2 + more)), min(size_wh[1], math.ceil(y2 + more))


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b)]
    return shared / max(sum(areas) - shared, 1e-6)


def _batches(images, staging: Staging, bar: tqdm) -> Iterator[list[tuple[str, bytes, Image.Image]]]:
    """Lists of `(file, bytes, image)` with images of one size each."""
    waiting: dict[tuple[int, int], list] = {}
    pixels = 0
    for file, data in images:
        try:
            image = decode(data) if data else None
        except PhotoError:
            image = None
        if image is None:
            staging.skip(file, UNDECODABLE if data else UNREADABLE)
            bar.update()
            continue
        width, height = image.size
        waiting.setdefault(image.size, []).append((file, data, image))
        pixels += width * height
        ready = [image.size] if _is_full(len(waiting[image.size]), width * height) else []
        while ready or pixels > WAITING_PIXELS:
            size = ready.pop() if ready else max(waiting, key=lambda wh: wh[0] * wh[1] * len(waiting[wh]))
            batch = waiting.pop(size)
            pixels -= size[0] * size[1] * len(batch)
            yield batch
    yield from waiting.values()


def _is_full(count: int, pixels_each: int) -> bool:
    return count >= BATCH or (count + 1) * pixels_each > BATCH_PIXELS
