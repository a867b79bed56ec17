"""Who opens the predictor's photos, and which images need no opening."""

import pytest
from PIL import ExifTags, Image

from gender_age import images
from gender_age.errors import PhotoError
from gender_age.images import opened
from gender_age.prediction import GenderAgePredictor
from tests import fakes

from .pictures import is_upright, picture


def test_an_upright_rgb_image_is_returned_itself():
    image = picture()
    assert opened(image) is image


def test_any_other_image_is_opened(tmp_path):
    turned = picture()
    turned.getexif()[ExifTags.Base.Orientation] = 3
    assert opened(turned).getpixel((55, 35)) == (255, 0, 0)
    assert opened(picture().convert("L")).mode == "RGB"
    profiled = picture()
    profiled.info["icc_profile"] = b"none"
    assert opened(profiled) is not profiled
    picture().save(tmp_path / "a.png")
    assert is_upright(opened(Image.open(tmp_path / "a.png")))


def test_an_image_without_pixels_or_over_the_limit_is_refused(monkeypatch):
    with pytest.raises(PhotoError, match="has no pixels"):
        opened(Image.new("RGB", (0, 5)))
    monkeypatch.setattr(images, "_check_size", _refuse)
    monkeypatch.setattr(images, "MAX_PIXELS", 2399)
    with pytest.raises(PhotoError, match="refused"):
        opened(picture())


def _refuse(*_):
    raise PhotoError("refused")


def test_a_predictor_opens_paths_by_its_opener(checkpoint, tmp_path):
    asked = []

    def opener(photo):
        asked.append(photo)
        return picture()

    predictor = GenderAgePredictor(*checkpoint, fakes.FakeDetector({}), opener=opener)
    assert predictor.predict(tmp_path / "none.jpg").width == 60
    assert [photo.height for photo in predictor.predict_batch(["a", "b"])] == [40, 40]
    assert asked == [tmp_path / "none.jpg", "a", "b"]
    assert predictor.predict(picture((80, 20))).width == 80
    assert len(asked) == 3


def test_without_an_opener_paths_are_opened_here(checkpoint, tmp_path):
    predictor = GenderAgePredictor(*checkpoint, fakes.FakeDetector({}))
    assert predictor.opener is None
    with pytest.raises(PhotoError, match="does not exist"):
        predictor.predict(tmp_path / "none.jpg")


def test_from_pretrained_hands_the_opener_on(tiny_model_folder):
    def opener(photo):
        return picture()

    assert GenderAgePredictor.from_pretrained(tiny_model_folder, opener=opener).opener is opener
