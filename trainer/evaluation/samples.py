"""A model's answers for a prepared split, beside the labels, in the two ways they are measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasets import Dataset
from PIL import Image
from tqdm.auto import tqdm

from gender_age.alignment import align_face
from gender_age.images import open_photo
from gender_age.labels import GENDERS
from gender_age.prediction import GenderAgePredictor
from gender_age.results import FaceEstimate, FacePrediction

from ..errors import DataError
from ..preparation.landmarks import main_face

PROTOCOLS = ("landmarks", "end_to_end")
"""`landmarks`: the stored landmarks, the fallback geometry where there are none, so that only the model is measured.
`end_to_end`: what a visitor gets: the detector searches the stored image, turned if need be, its main face counts, and
where it finds none the whole image is taken as the face."""

LABELS = ("gender", "age_min", "age_max")


@dataclass(frozen=True, slots=True)
class Samples:
    """Faces of one source with their labels and answers; every attribute but the last is an array of shape `(n,)`.

    Attributes:
        gender: true index in `GENDERS`.
        age_min, age_max: ends of the true age in years, equal where it is exact.
        race: the source's own name of the group, for measuring only; "" where it has none.
        predicted_gender: index in `GENDERS`.
        probability: of the predicted gender, calibrated.
        uncertain: whether the answer comes with that flag.
        age: predicted, in years.
        low, high: ends of the age interval in years.
        missed: whether there were no landmarks, stored or found, so that the fallback geometry was used.
        level: share of true ages that the intervals are to hold.
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
        """The samples where the `(n,)` mask `chosen` is true."""
        arrays = {name: getattr(self, name)[chosen] for name in self.__slots__ if name != "level"}
        return dataclasses.replace(self, **arrays)

    @property
    def exact(self) -> np.ndarray:
        """`(n,)` mask of the faces whose true age is one number of years."""
        return self.age_min == self.age_max

    @property
    def correct(self) -> np.ndarray:
        """`(n,)` mask of the faces whose gender was predicted as labelled."""
        return self.predicted_gender == self.gender


def estimate_split(
    predictor: GenderAgePredictor, dataset: Dataset, protocol: str, batch_size: int, description: str
) -> Samples:
    """Runs the predictor over a split of one source.

    Args:
        predictor: the model under test.
        dataset: rows as `prepare` writes them, not empty.
        protocol: one of `PROTOCOLS`.
        batch_size: images at a time.
        description: the progress bar's.

    Raises:
        DataError, PhotoError: an image of the dataset cannot be used.
    """
    answer = {"landmarks": _by_landmarks, "end_to_end": _end_to_end}[protocol]
    answers: list[FaceEstimate | FacePrediction] = []
    missed: list[bool] = []
    with tqdm(total=len(dataset), desc=description, unit="image") as bar:
        for batch in dataset.select_columns(["image", "landmarks"]).iter(batch_size):
            found, without = answer(predictor, batch["image"], batch["landmarks"], batch_size)
            answers += found
            missed += without
            bar.update(len(found))
    columns = {name: np.array(dataset[name][:], dtype=np.int64) for name in LABELS}
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
        align_face(open_photo(image), points, predictor.face_size, predictor.alignment)
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
    if "race" not in dataset.column_names:
        return np.full(len(dataset), "")
    feature = dataset.features["race"]
    return np.array(["" if value is None else feature.int2str(value) for value in dataset["race"][:]])
