"""A predictor with real, tiny weights and a detector that is told what to find."""

import pytest

from gender_age.checkpoint import load_checkpoint
from gender_age.prediction import GenderAgePredictor

from .faked import SIZE, FakeDetector, face_at


@pytest.fixture(scope="module")
def checkpoint(tiny_model_folder):
    return load_checkpoint(tiny_model_folder, device="cpu")


@pytest.fixture
def predictor(checkpoint) -> GenderAgePredictor:
    return GenderAgePredictor(*checkpoint, FakeDetector({SIZE: (0, [face_at(20, 30, 60), face_at(110.4, 20, 50)])}))


@pytest.fixture
def batches(predictor):
    """Sizes of the batches that the model saw."""
    sizes = []
    handle = predictor.model.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    yield sizes
    handle.remove()
