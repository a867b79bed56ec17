"""A photo's prediction with the pictures that the page shows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PIL import Image

from gender_age.errors import GenderAgeError
from gender_age.photo_names import photo_name
from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.turning import rotate_image

from ..inputs.photo_files import GivenFile
from .drawing import display_copy
from .opening import opened_in_turn


@dataclass(frozen=True, slots=True, eq=False)  # gradio detects changes of a gr.State by its hash; images have none
class AnalysedPhoto:
    """What the page shows of a photo, without the photo itself, which may have tens of megabytes.

    Attributes:
        prediction: with `error` set where the photo is unusable; the other fields are empty then.
        display_rgb: the photo in the prediction's frame, as large as the page shows it; sessions keep None.
        crops: the aligned faces as the model saw them, in the order of `prediction.faces`.
    """

    prediction: PhotoPrediction
    display_rgb: Image.Image | None = None
    crops: tuple[Image.Image, ...] = ()


def predict_photo(
    predictor: GenderAgePredictor, photo: GivenFile | str | None, min_score: float | None = None
) -> tuple[Image.Image | None, PhotoPrediction]:
    """Opens a photo once and predicts its faces.

    Args:
        photo: the input or its path; None gives an unusable photo.
        min_score: as in `GenderAgePredictor.predict`.

    Returns:
        The photo in the prediction's frame, or None where it is unusable, and the prediction, which then has its
        `error` set.
    """
    given = photo if isinstance(photo, GivenFile) else GivenFile(photo_name(photo), photo)
    if given.error is not None:
        return None, PhotoPrediction.unusable(given.name, given.error)
    try:
        with opened_in_turn(given.path) as image_rgb:
            prediction = replace(predictor.predict(image_rgb, min_score=min_score), photo=given.name)
            return rotate_image(image_rgb, prediction.rotation), prediction
    except GenderAgeError as error:
        return None, PhotoPrediction.unusable(given.name, str(error))


def analyse(predictor: GenderAgePredictor, photo: GivenFile | str | None) -> AnalysedPhoto:
    """`predict_photo`, with the pictures that the page shows of the photo."""
    image_rgb, prediction = predict_photo(predictor, photo)
    if image_rgb is None:
        return AnalysedPhoto(prediction)
    crops = tuple(predictor.align(image_rgb, face) for face in prediction.faces)
    return AnalysedPhoto(prediction, display_copy(image_rgb), crops)
