"""What tests inject: results by keyword, noise, and one predictor and one detector that answer what a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from gender_age.alignment import DEFAULT_ALIGNMENT
from gender_age.errors import GenderAgeError
from gender_age.found_faces import Face
from gender_age.geometry import Box, Landmarks
from gender_age.images import open_photo, photo_name, photo_path
from gender_age.results import FacePrediction, PhotoPrediction
from gender_age.tracking import TrackedFace
from gender_age.video_results import PersonPrediction, SeenFace

ESTIMATE = {
    "gender": "female",
    "gender_probability": 0.9,
    "uncertain": False,
    "age": 40.0,
    "age_interval": (30.0, 50.0),
    "age_interval_level": 0.8,
    "under_18": 0.01,
    "age_distribution": None,
}
LANDMARK_SHARES = ((0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.4, 0.7), (0.6, 0.7))
WHITE = (255, 255, 255)
CROP_WH = (32, 32)
# Ends a test that forgot to let the predictor answer.
LONGEST_WAIT_S = 60

Found = tuple[int, Sequence[Any]]
"""The rotation that puts a picture upright and its faces, as `FaceDetector.detect_any_rotation` answers."""

Answers = Callable[[Image.Image], Found] | Mapping[tuple[int, int], Found]
"""What is found in a picture, or in a picture of a width and height; one that is not in a mapping has no face."""


def face(**changes: Any) -> FacePrediction:
    """A face of a photo, which the model takes for a woman of 40 years, with what a test wants to be different."""
    return FacePrediction(**({"box": (10, 10, 50, 60), "score": 0.99} | ESTIMATE | changes))


def photo(**changes: Any) -> PhotoPrediction:
    """A photo of 200 × 100 pixels without a face, with what a test wants to be different."""
    return PhotoPrediction(**({"photo": "image", "width": 200, "height": 100} | changes))


def tracked_face(**changes: Any) -> TrackedFace:
    """Face 1 of a video, which the model takes for a woman of 40 years, with what a test wants to be different."""
    return TrackedFace(**({"number": 1, "box": (160.0, 120.0, 320.0, 360.0)} | ESTIMATE | changes))


def seen_face(**changes: Any) -> SeenFace:
    """A face in a frame of a video."""
    return SeenFace(**({"time": 0.0, "box": (10, 10, 50, 60), "score": 0.99} | ESTIMATE | changes))


def person(**changes: Any) -> PersonPrediction:
    """A person of a video, seen once, whom the model takes for a woman of 40 years."""
    seen = {"first": 0.0, "last": 0.0, "frames": 1, "seen": (seen_face(),), "crop": Image.new("RGB", CROP_WH)}
    return PersonPrediction(**(seen | ESTIMATE | changes))


def detected_face(
    *,
    box: Box = (0, 0, 100, 100),
    score: float = 0.99,
    landmarks: Landmarks | None = None,
    agreement: float = 1.0,
) -> Face:
    """What a detector finds; without other landmarks those of an upright face that fills the box."""
    x1, y1, x2, y2 = box
    inside = tuple((x1 + x * (x2 - x1), y1 + y * (y2 - y1)) for x, y in LANDMARK_SHARES)
    return Face(box, score, landmarks or inside, agreement)


def noise(size_wh: tuple[int, int], seed: int = 0) -> Image.Image:
    """An RGB picture of independent pixels, different for every seed."""
    width, height = size_wh
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def unless_white(*faces: FacePrediction) -> Callable[[Image.Image], Found]:
    """Finds these faces in every picture whose first pixel is not white."""
    return lambda image: (0, () if image.getpixel((0, 0)) == WHITE else faces)


def if_wide(*faces: Face) -> Callable[[Image.Image], Found]:
    """Finds these faces in every picture that is wider than high."""
    return lambda image: (0, list(faces) if image.width > image.height else [])


def age_of(size_wh: tuple[int, int]) -> float:
    """What `size_as_age` says of a picture of this size, different for sizes that differ little."""
    return float((size_wh[0] * 7 + size_wh[1]) % 100)


def size_as_age(image: Image.Image) -> Found:
    """Finds one face, which fills the picture and whose age tells the picture's size."""
    age = age_of(image.size)
    return 0, (face(box=(0, 0, *image.size), age=age, age_interval=(age, age)),)


class FakeDetector:
    """Finds what `answers` has for a picture, at any smallest face.

    Attributes:
        seen: the size of every picture that was searched, with the smallest share where one was given.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.seen: list[tuple] = []

    def detect_any_rotation(self, image: Image.Image, min_score: float | None = None) -> Found:
        self.seen.append(image.size)
        rotation, faces = _found(self.answers, image)
        return rotation, [face for face in faces if face.score >= (min_score or 0)]

    def detect(self, image: Image.Image, smallest_share: float, min_score: float | None = None) -> Sequence[Face]:
        self.seen.append((image.size, smallest_share))
        return [face for face in _found(self.answers, image)[1] if face.score >= (min_score or 0)]


class FakePredictor:
    """Says of a photo what `answers` has for it; one that it raises for, or that cannot be opened, is unusable.

    Args:
        answers: by default no photo has a face.
        seconds: that every photo takes.

    Attributes:
        seen: the first pixel of every photo that it was asked about; it keeps no photo.
        started: is set when it is asked.
        may_answer: while it is not set, no photo is answered.
    """

    alignment = DEFAULT_ALIGNMENT
    model = SimpleNamespace(config=SimpleNamespace(gender_uncertain_below=0.7))

    def __init__(self, answers: Answers | None = None, *, seconds: float = 0.0) -> None:
        self.answers, self.seconds = answers or {}, seconds
        self.seen: list[tuple[int, int, int]] = []
        self.started, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def predict(self, image_rgb: Image.Image, min_score: float | None = None) -> PhotoPrediction:
        self.seen.append(image_rgb.getpixel((0, 0)))
        self.started.set()
        assert self.may_answer.wait(LONGEST_WAIT_S), "the test did not let the predictor answer"
        time.sleep(self.seconds)
        rotation, faces = _found(self.answers, image_rgb)
        width, height = image_rgb.size[::-1] if rotation in (90, 270) else image_rgb.size
        kept = tuple(face for face in faces if face.score is None or face.score >= (min_score or 0))
        return photo(width=width, height=height, rotation=rotation, faces=kept)

    predict_frame = predict

    def predict_batch(self, paths: Iterable[str], min_score: float | None = None) -> Iterator[PhotoPrediction]:
        """A stream: a photo is opened when its answer is asked for."""
        for path in paths:
            name, given = photo_name(path), photo_path(path)
            try:
                yield replace(self.predict(open_photo(path), min_score), photo=name, path=given)
            except GenderAgeError as error:
                yield PhotoPrediction.unusable(name, str(error), given)

    def align(self, image_rgb: Image.Image, face: FacePrediction) -> Image.Image:
        """A crop whose red is the face's left edge."""
        return Image.new("RGB", CROP_WH, (face.box[0], 0, 0))


def _found(answers: Answers, image: Image.Image) -> Found:
    return answers(image) if callable(answers) else answers.get(image.size, (0, []))
