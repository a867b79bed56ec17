"""The collected cases beside the repository, where they are, and a predictor's answers to them."""

import pytest

from gender_age import GenderAgePredictor
from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import CASES

PHOTOS = CASES / "photos"
pytestmark = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the collected cases are not here")


@pytest.fixture(scope="module")
def predictor():
    return GenderAgePredictor.from_pretrained()


@pytest.mark.parametrize("name", ["bigtext_z.png", "bigicc.png", "bigxmp_itxt.png"])
def test_large_metadata(name):
    assert open_photo(PHOTOS / name).tobytes() == open_photo(PHOTOS / "plain.png").tobytes()


def test_fourteen_bits(predictor):
    (got,), (wanted,) = (predictor.predict(PHOTOS / name).faces for name in ("gray14in16.png", "gray16.png"))
    assert got.gender == wanted.gender == "male"
    assert abs(got.age - wanted.age) < 1


def test_colour_profile(predictor):
    got, wanted = (predictor.predict(PHOTOS / f"icc_{name}_group.jpg").faces for name in ("bgr", "none"))
    assert [face.gender for face in got] == [face.gender for face in wanted]
    assert max(abs(a.age - b.age) for a, b in zip(got, wanted, strict=True)) < 1


def test_raw():
    assert open_photo(PHOTOS / "raw_like_obama.dng").size == (530, 530)


@pytest.mark.parametrize("name", ["two_mpo.jpg", "orbad_two.jpg"])
@pytest.mark.filterwarnings("error")
def test_what_was_right(predictor, name):
    assert predictor.predict(PHOTOS / name).faces


def test_many_scans():
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(CASES / "hostile" / "scan500.jpg")
