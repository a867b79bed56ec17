"""Decodes a source's images, detects their landmarks in batches of one size, and stages them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from PIL import Image
from tqdm import tqdm

from gender_age.errors import PhotoError
from gender_age.found_faces import Face

from .photos import decode, storable
from .splits import thumbnail
from .staging import Staging

UNDECODABLE = "not a readable image"
UNREADABLE = "missing, empty or too large"

BATCH = 64
# 64 crops of 224 px have 3 million pixels; larger photos form smaller batches. The second limits the buffered images of
# incomplete batches.
BATCH_PIXELS = 4_000_000
WAITING_PIXELS = 32_000_000


class Detector(Protocol):
    """The required part of the interface of `gender_age.detection.FaceDetector`."""

    def detect_batch(self, images: Sequence[Image.Image]) -> list[list[Face]]: ...


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


def find_landmarks(
    images: Iterable[tuple[str, bytes | None]], staging: Staging, detector: Detector, total: int, progress: bool = True
) -> None:
    """Stages each `(file, encoded bytes)`, usable ones with the landmarks of their main face in upright pixels.

    Flushes after every batch, so that a kill loses at most one batch.
    """
    with tqdm(total=total, unit=" images", desc="finding landmarks", disable=not progress) as bar:
        for batch in _batches(images, staging, bar):
            found = detector.detect_batch([image for _, _, image in batch])
            for (file, data, image), faces in zip(batch, found, strict=True):
                face = main_face(faces, image.size)
                # Finer digits depend on the batch size and are not reproducible.
                points = face and tuple((round(x, 2), round(y, 2)) for x, y in face.landmarks)
                staging.add(file, storable(data, image), thumbnail(image), points)
            staging.flush()
            bar.update(len(batch))


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
