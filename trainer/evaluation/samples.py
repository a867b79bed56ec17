"""Predictions for a prepared split with their labels, under two evaluation protocols."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasets import Dataset
from datasets import Image as EncodedImage
from PIL import Image
from tqdm.auto import tqdm

from gender_age.alignment import align_face
from gender_age.labels import GENDERS, MISSING
from gender_age.prediction import GenderAgePredictor
from gender_age.results import FaceEstimate, FacePrediction

from ..errors import DataError
from ..faces.loading import names_in
from ..preparation.landmarks import main_face
from ..preparation.photos import decode

PROTOCOLS = ("landmarks", "end_to_end")
"""`landmarks`: stored landmarks, or the fallback geometry without them; evaluates the model only.
`end_to_end`: as in the app: the main face that the detector finds in the stored image, rotated if needed, or the whole
image if it finds none."""

LABELS = ("gender", "age_min", "age_max")


@dataclass(frozen=True, slots=True)
class Samples:
    """Labels and predictions of one source; all attributes but `level` are arrays of shape `(n,)`.

    Attributes:
        gender: true index in `GENDERS`, `MISSING` if unknown.
        age_min, age_max: ends of the true age in years, equal if exact, `MISSING` if unknown.
        race: the source's label, for evaluation only; "" if missing.
        predicted_gender: index in `GENDERS`.
        probability: of the predicted gender, calibrated.
        uncertain: the prediction's flag.
        age: predicted, in years.
        low, high: ends of the age interval in years.
        missed: no landmarks, stored or detected; the fallback geometry was used.
        level: nominal coverage of the intervals.
    """

    gender: np.ndarray
    age_min: np.ndarray
    age_max: np.ndarray
    race: np.ndarray
    predicted_gender: np.ndarray
    probability: np.ndarray
    uncertain: np.ndarray
    age: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missed: np.ndarray
    level: float

    def __len__(self) -> int:
        return len(self.gender)

    def select(self, chosen: np.ndarray) -> Samples:
        """The samples selected by the `(n,)` mask."""
        arrays = {name: getattr(self, name)[chosen] for name in self.__slots__ if name != "level"}
        return dataclasses.replace(self, **arrays)

    @property
    def exact(self) -> np.ndarray:
        """`(n,)` mask of exact ages."""
        return (self.age_min == self.age_max) & (self.age_min != MISSING)

    @property
    def ranged(self) -> np.ndarray:
        """`(n,)` mask of ages given as ranges."""
        return self.age_min != self.age_max

    @property
    def with_gender(self) -> np.ndarray:
        """`(n,)` mask of known genders."""
        return self.gender != MISSING

    @property
    def correct(self) -> np.ndarray:
        """`(n,)` mask of correct gender predictions."""
        return self.predicted_gender == self.gender


def estimate_split(
    predictor: GenderAgePredictor, dataset: Dataset, protocol: str, batch_size: int, description: str
) -> Samples:
    """Runs the predictor over a split of one source.

    Args:
        predictor: the model under test.
        dataset: rows written by `prepare`, not empty.
        protocol: one of `PROTOCOLS`.
        batch_size: number of images per batch.
        description: of the progress bar.

    Raises:
        DataError, PhotoError: an image of the dataset cannot be used.
    """
    answer = {"landmarks": _by_landmarks, "end_to_end": _end_to_end}[protocol]
    answers: list[FaceEstimate | FacePrediction] = []
    missed: list[bool] = []
    with tqdm(total=len(dataset), desc=description, unit="image") as bar:
        rows = dataset.select_columns(["image", "landmarks"]).cast_column("image", EncodedImage(decode=False))
        for batch in rows.iter(batch_size):
            images = [decode(image["bytes"]) for image in batch["image"]]
            found, without = answer(predictor, images, batch["landmarks"], batch_size)
            answers += found
            missed += without
            bar.update(len(found))
    columns = {
        name: np.array([MISSING if label is None else label for label in dataset[name][:]], dtype=np.int64)
        for name in LABELS
    }
    return Samples(
        **columns,
        race=_race_names(dataset),
        predicted_gender=np.array([GENDERS.index(each.gender) for each in answers], dtype=np.int64),
        probability=np.array([each.gender_probability for each in answers]),
        uncertain=np.array([each.uncertain for each in answers], dtype=bool),
        age=np.array([each.age for each in answers]),
        low=np.array([each.age_interval[0] for each in answers]),
        high=np.array([each.age_interval[1] for each in answers]),
        missed=np.array(missed, dtype=bool),
        level=predictor.model.config.age_interval_level,
    )


def _by_landmarks(
    predictor: GenderAgePredictor, images: Sequence[Image.Image], landmarks: Sequence, batch_size: int
) -> tuple[list[FaceEstimate], list[bool]]:
    crops = [
        align_face(image, points, predictor.face_size, predictor.alignment)
        for image, points in zip(images, landmarks, strict=True)
    ]
    return predictor.estimate(crops, batch_size), [points is None for points in landmarks]


def _end_to_end(
    predictor: GenderAgePredictor, images: Sequence[Image.Image], landmarks: Sequence, batch_size: int
) -> tuple[list[FacePrediction], list[bool]]:
    faces = [
        main_face(photo.faces, (photo.width, photo.height)) if photo.error is None else None
        for photo in predictor.predict_batch(images, batch_size=batch_size)
    ]
    missed = [face is None for face in faces]
    without = [image for image, face in zip(images, faces, strict=True) if face is None]
    whole = iter(predictor.predict_batch(without, whole_image=True, batch_size=batch_size))
    for position in np.flatnonzero(missed):
        photo = next(whole)
        if photo.error is not None:
            raise DataError(f"the dataset holds an image that cannot be used: {photo.error}")
        faces[position] = photo.faces[0]
    return faces, missed


def _race_names(dataset: Dataset) -> np.ndarray:
    return np.array([name or "" for name in names_in(dataset, "race")])
