"""How often a photo is searched until its rotation is known."""

import numpy as np
import pytest
from PIL import Image

from gender_age.face_search import FaceSearch
from gender_age.images import open_photo
from gender_age.turning import rotate_image
from tests import fakes
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


@pytest.fixture
def searches(monkeypatch) -> list:
    """A list that grows with each search."""
    calls = []
    search = FaceSearch.search
    monkeypatch.setattr(FaceSearch, "search", lambda *of, **how: calls.append(how) or search(*of, **how))
    return calls


def test_a_certain_upright_face_ends_the_search(detector, portrait, searches):
    assert detector.detect_any_rotation(portrait)[0] == 0
    assert len(searches) == 1


def test_without_a_sure_face_the_upright_picture_is_searched_once(detector, searches):
    assert detector.detect_any_rotation(fakes.noise((640, 480))) == (0, [])
    assert [how.get("sure_score") for how in searches] == [None, 1.0, 1.0, 1.0]


def test_an_upright_face_that_is_sure_and_no_proof_is_looked_at_again(detector, searches):
    """In this head that stands on its crown, MTCNN is sure of an upright one, with its eyes in the wrong place."""
    upside_down = rotate_image(open_photo(EXAMPLES / "hopper.jpg"), 180)
    assert detector.detect_any_rotation(upside_down)[0] == 180
    assert [how.get("sure_score") for how in searches] == [None, 1.0, 1.0, 1.0, 1.0]


def test_a_picture_without_contrast_is_not_searched(detector, portrait, searches):
    pixels = np.asarray(portrait).astype(float)
    faint = Image.fromarray((100 + pixels / 255 * 15).astype(np.uint8))
    assert detector.detect_any_rotation(faint) == (0, [])
    assert searches == []
    clear = Image.fromarray((100 + pixels / 255 * 100).astype(np.uint8))
    assert len(detector.detect_any_rotation(clear)[1]) == 1
