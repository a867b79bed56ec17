"""A predictor with real, tiny weights and a detector that is told what to find."""

import pytest

from gender_age.checkpoint import load_checkpoint
from gender_age.prediction import GenderAgePredictor
from tests import fakes

SIZE, BLANK = (200, 120), (90, 90)
"""Pictures in which the predictor's detector finds two faces, and none."""


@pytest.fixture(scope="module")
def checkpoint(tiny_model_folder):
    return load_checkpoint(tiny_model_folder, device="cpu")


@pytest.fixture
def predictor(checkpoint) -> GenderAgePredictor:
    faces = [fakes.detected_face(box=(20, 30, 80, 90)), fakes.detected_face(box=(110.4, 20, 160.4, 70))]
    return GenderAgePredictor(*checkpoint, fakes.FakeDetector({SIZE: (0, faces)}))


@pytest.fixture
def batches(predictor):
    """Sizes of the batches that the model saw."""
    sizes = []
    handle = predictor.model.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    yield sizes
    handle.remove()
