"""A predictor that answers at once, and differently for different photos."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from PIL import Image

from gender_age.errors import GenderAgeError
from gender_age.images import open_photo, photo_name
from gender_age.results import FacePrediction, PhotoPrediction


def age_of(size_wh: tuple[int, int]) -> float:
    """What the fake says of a photo of this size."""
    return float((size_wh[0] * 7 + size_wh[1]) % 100)


class FakePredictor:
    """One face in every photo, whose age tells the photo's size.

    Attributes:
        may_answer: while it is not set, no photo is answered.
    """

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.may_answer.set()

    def predict(self, photo: Image.Image, whole_image: bool = False) -> PhotoPrediction:
        self.may_answer.wait(60)
        age = age_of(photo.size)
        face = FacePrediction((0, 0, *photo.size), 0.99, "female", 0.9, False, age, (age, age), 0.8, None)
        return PhotoPrediction("image", *photo.size, 0, (face,))

    def predict_batch(self, photos: Iterable[str]) -> Iterator[PhotoPrediction]:
        for path in photos:
            try:
                found = self.predict(open_photo(path))
                yield PhotoPrediction(photo_name(path), found.width, found.height, 0, found.faces)
            except GenderAgeError as error:
                yield PhotoPrediction(photo_name(path), None, None, 0, (), str(error))

    def align(self, image_rgb: Image.Image, face: FacePrediction) -> Image.Image:
        return image_rgb.resize((32, 32))
