"""A predictor with real, tiny weights and a detector that is told what to find."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gender_age.checkpoint import load_checkpoint
from gender_age.detection import FaceDetector
from gender_age.images import open_photo
from gender_age.prediction import GenderAgePredictor
from tests import fakes
from tests.conftest import REPOSITORY

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


@pytest.fixture
def commanded(tiny_model_folder, monkeypatch) -> GenderAgePredictor:
    """What the command line loads, with `asked` for its arguments; it finds two faces in a picture wider than high."""
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    found = fakes.if_wide(
        fakes.detected_face(box=(40, 30, 100, 100), score=0.9987),
        fakes.detected_face(box=(100, 30, 160, 100), score=0.9),
    )
    predictor.detector, predictor.asked = fakes.FakeDetector(found), []
    monkeypatch.setattr(GenderAgePredictor, "from_pretrained", lambda *args: predictor.asked.append(args) or predictor)
    return predictor


@pytest.fixture
def photos(tmp_path, monkeypatch) -> list[str]:
    """Paths in the current folder: two faces, none, unusable, two faces."""
    monkeypatch.chdir(tmp_path)
    pixels = np.asarray(fakes.noise(SIZE))
    Image.fromarray(pixels).save("two.png")
    Image.fromarray(pixels[:, :80]).save("none.png")
    Path("=cmd.jpg").write_text("not a photo")
    Image.fromarray(pixels[::-1]).save("-last.png")
    return ["two.png", "none.png", "./=cmd.jpg", "./-last.png"]


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    return open_photo(REPOSITORY / "examples" / "collins.jpg")
