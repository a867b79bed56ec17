"""The default model on the example photos, whose true ages are known (examples/SOURCES.md)."""

import pytest

from gender_age.prediction import GenderAgePredictor
from tests.conftest import REPOSITORY

COLLINS, HOPPER, OBAMA = ("female", 41), ("female", 77), ("male", 51)
# Freshmen of the 113th Congress, photographed around its start (SOURCES.md): ages on 3 January 2013.
BERA, CASTRO, DUCKWORTH = ("male", 47), ("male", 38), ("female", 44)
HORSFORD, JEFFRIES, KELLY = ("male", 39), ("male", 42), ("female", 56)
PEOPLE = {
    "bera.jpg": [BERA],
    "collins-sideways-exif.jpg": [COLLINS],
    "collins.jpg": [COLLINS],
    "congress.jpg": [CASTRO, KELLY, BERA, HORSFORD, DUCKWORTH, JEFFRIES],
    "group.jpg": [COLLINS, OBAMA, HOPPER],
    "hopper-small-dim.jpg": [HOPPER],
    "hopper.jpg": [HOPPER],
    "obama-turned.jpg": [OBAMA],
    "obama.jpg": [OBAMA],
}
# Collins, 41, is taken for 31.
LARGEST_ERROR_YEARS = 10.5


@pytest.fixture(scope="module")
def answers() -> dict[str, dict]:
    """As the command line prints them, by photo."""
    photos = sorted((REPOSITORY / "examples").glob("*.jpg"))
    answers = [each.to_dict() for each in GenderAgePredictor.from_pretrained().iter_predict(photos)]
    assert [answer["photo"] for answer in answers] == [photo.name for photo in photos]
    return {answer["photo"]: answer for answer in answers}


def test_every_example_is_known(answers):
    assert answers.keys() == PEOPLE.keys()


@pytest.mark.parametrize("photo", PEOPLE)
def test_every_face_is_found_and_no_certain_answer_is_wrong(answers, photo):
    faces = answers[photo]["faces"]
    for face, (gender, age) in zip(faces, PEOPLE[photo], strict=True):
        assert face["gender"] == gender or face["uncertain"]
        assert abs(face["age"] - age) < LARGEST_ERROR_YEARS


def test_only_the_photo_lying_on_its_side_is_turned(answers):
    assert {photo: answer["rotation"] for photo, answer in answers.items() if answer["rotation"]} == {
        "obama-turned.jpg": 90
    }
