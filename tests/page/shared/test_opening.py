import sys

import pytest

from gender_age.guarded_opener import GuardedOpener
from gender_age.images import open_photo
from gender_age.prediction import GenderAgePredictor
from page.shared.analysis import predict_photo
from page.shared.opening import guarded, page_opener
from tests import fakes
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def predictor(tiny_model_folder):
    return GenderAgePredictor.from_pretrained(tiny_model_folder)


@pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")
def test_the_page_opens_photos_in_workers():
    assert isinstance(page_opener(), GuardedOpener)
    assert page_opener() is page_opener()
    photo = REPOSITORY / "examples" / "obama.jpg"
    image_rgb, prediction = predict_photo(fakes.FakePredictor(), str(photo))
    assert page_opener().worker_pids()
    assert image_rgb.tobytes() == open_photo(photo).tobytes()
    assert prediction.photo == "obama.jpg"


def test_a_predictor_gets_the_pages_opener_and_is_left_as_it_was(predictor):
    same = guarded(predictor)
    assert same.opener is page_opener()
    assert same.model is predictor.model
    assert predictor.opener is None
    photo = REPOSITORY / "examples" / "obama.jpg"
    assert same.predict(photo) == predictor.predict(photo)


def test_an_opener_of_its_own_is_kept(predictor):
    own = GenderAgePredictor(predictor.model, predictor.image_processor, predictor.detector, open_photo)
    assert guarded(own) is own
    fake = fakes.FakePredictor()
    assert guarded(fake) is fake
