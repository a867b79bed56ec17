"""The real MTCNN on pictures made from the examples, of kinds that once came out wrong."""

import pytest
from PIL import Image

from gender_age.detection import FaceDetector
from gender_age.images import open_photo
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
PEOPLE = ("collins", "hopper", "obama")


@pytest.fixture(scope="module")
def chips(detector) -> dict[str, Image.Image]:
    """Each head, cut with a third of its box around it, 300 pixels a side."""
    made = {}
    for name in PEOPLE:
        photo = open_photo(EXAMPLES / f"{name}.jpg")
        (face,) = detector.detect(photo)
        x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
        half = face.side * 0.83
        made[name] = photo.crop(tuple(map(round, (x - half, y - half, x + half, y + half)))).resize((300, 300))
    return made


def test_the_chips_are_whole_faces(detector, chips):
    for chip in chips.values():
        assert len(detector.detect(chip)) == 1


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("side", [80, 120, 300])
@pytest.mark.parametrize("border", ["white", "black", "grey"])
def test_an_upright_chip_on_a_border_stays_upright(detector, chips, name, side, border):
    canvas = Image.new("RGB", (round(side * 1.6), round(side * 1.8)), border)
    canvas.paste(chips[name].resize((side, side)), (round(side * 0.3), round(side * 0.4)))
    rotation, faces = detector.detect_any_rotation(canvas)
    assert (rotation, len(faces)) == (0, 1)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("angle", [45, 135, 225, 315])
def test_a_tilted_head_is_never_two_faces(detector, chips, name, angle):
    """Upside down and tilted, one of the three is not found."""
    tilted = chips[name].rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="grey")
    found = len(detector.detect_any_rotation(tilted)[1])
    assert found == 1 or (found == 0 and angle in (135, 225))


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_upright_faces_are_found_beside_one_that_lies(detector, chips, angle):
    canvas = Image.new("RGB", (900, 300))
    for number, chip in enumerate((chips["obama"], chips["collins"].rotate(angle), chips["hopper"])):
        canvas.paste(chip, (300 * number, 0))
    rotation, faces = detector.detect_any_rotation(canvas)
    assert rotation == 0
    assert faces[0].box[2] < 300
    assert faces[-1].box[0] > 600


def test_the_lowest_score_leaves_out_faces_and_turns_nothing(detector, chips):
    photo = open_photo(EXAMPLES / "obama-turned.jpg")
    rotation, (face,) = detector.detect_any_rotation(photo)
    assert rotation == 90
    assert detector.detect_any_rotation(photo, face.score) == (90, [face])
    assert detector.detect_any_rotation(photo, 1.0) == (90, [])
    for lower in (0.0, 0.3, 0.6):
        assert detector.detect_any_rotation(photo, lower) == (90, [face])
    (near,) = detector.detect(chips["hopper"])
    assert detector.detect(chips["hopper"], min_score=near.score) == [near]
    assert detector.detect(chips["hopper"], min_score=1.0) == []


def test_a_detectors_own_lowest_score_is_the_default(chips):
    strict = FaceDetector(min_score=1.0)
    assert strict.detect(chips["hopper"]) == strict.detect_batch([chips["hopper"]])[0] == []
    assert strict.detect_any_rotation(chips["hopper"]) == (0, [])
    assert len(strict.detect(chips["hopper"], min_score=0.6)) == 1
    assert len(strict.detect_any_rotation(chips["hopper"], 0.6)[1]) == 1
