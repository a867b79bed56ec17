"""Accuracy loss of the predictor's inference mode against eager fp32, on a prepared test split."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from datasets import Dataset, load_dataset
from datasets.exceptions import DatasetsError

from gender_age.alignment import align_face
from gender_age.decoding import decode
from gender_age.errors import GenderAgeError
from gender_age.images import open_photo
from gender_age.inference import inference
from gender_age.labels import GENDERS
from gender_age.prediction import GenderAgePredictor

BATCH_SIZE = 64
COLUMNS = ("image", "landmarks", "age_min", "age_max", "gender")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Metrics of both modes on the same faces.

    Attributes:
        faces: number of faces.
        mae: years, in eager fp32 and in the predictor's mode.
        gender_accuracy: share in [0, 1] of the known genders, in the same order; None where none is known.
    """

    faces: int
    mae: tuple[float, float]
    gender_accuracy: tuple[float, float] | None

    @property
    def lost_years(self) -> float:
        """Increase of the mean absolute error, in years."""
        return self.mae[1] - self.mae[0]

    @property
    def lost_points(self) -> float | None:
        """Decrease of the gender accuracy, in percentage points; None where no gender is known."""
        return self.gender_accuracy and 100 * (self.gender_accuracy[0] - self.gender_accuracy[1])


def faces_with_exact_age(folder: str) -> Dataset:
    """The faces of a test split that have one.

    Args:
        folder: dataset written by `python -m trainer prepare`.

    Raises:
        GenderAgeError: it is none, or none of its faces has an exact age.
    """
    wanted = f"{folder} is no prepared dataset with a test split: name one that python -m trainer prepare has written."
    try:
        rows = load_dataset(folder, split="test")
    except (OSError, ValueError, DatasetsError) as error:
        raise GenderAgeError(wanted) from error
    if not set(COLUMNS) <= set(rows.column_names):
        raise GenderAgeError(wanted)
    exact = rows.filter(
        lambda low, high: low is not None and low == high, input_columns=["age_min", "age_max"], keep_in_memory=True
    )
    if not len(exact):
        raise GenderAgeError(f"no face in the test split of {folder} has an exact age: name a dataset that has some.")
    return exact


def measure_accuracy(predictor: GenderAgePredictor, rows: Dataset) -> Accuracy:
    """Runs the model in both modes.

    Args:
        rows: of `faces_with_exact_age`.
    """
    modes = torch.no_grad, partial(inference, predictor.model.device)
    errors: tuple[list, list] = ([], [])
    right: tuple[list, list] = ([], [])
    for batch in rows.iter(BATCH_SIZE):
        crops = [
            align_face(open_photo(image), landmarks, predictor.face_size, predictor.alignment)
            for image, landmarks in zip(batch["image"], batch["landmarks"], strict=True)
        ]
        inputs = predictor.image_processor(crops, do_resize=False, return_tensors="pt")
        for mode, model_errors, model_right in zip(modes, errors, right, strict=True):
            with mode():
                outputs = predictor.model(pixel_values=inputs["pixel_values"])
            estimates = decode(outputs.gender_logits, outputs.age_logits, predictor.model.config)
            for estimate, age, gender in zip(estimates, batch["age_min"], batch["gender"], strict=True):
                model_errors.append(abs(estimate.age - age))
                if gender is not None:
                    model_right.append(GENDERS.index(estimate.gender) == gender)
    mae = float(np.mean(errors[0])), float(np.mean(errors[1]))
    return Accuracy(len(errors[0]), mae, (float(np.mean(right[0])), float(np.mean(right[1]))) if right[0] else None)
