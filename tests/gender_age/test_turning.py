"""A turn needs proof: the best single face decides, and upright wins near-ties."""

import pytest

from gender_age.turning import chosen_rotation, is_certainly_upright
from tests import fakes

# As MTCNN sees the portraits in examples/.
EYES_AND_MOUTH = ((28, 38), (75, 38), (50, 59), (29, 74), (73, 74))
FRONTAL = fakes.detected_face(score=0.996, landmarks=EYES_AND_MOUTH)
WEAK = fakes.detected_face(score=0.89, landmarks=EYES_AND_MOUTH)
# As MTCNN sees an upside-down face: low, close eyes.
LOW_EYES = fakes.detected_face(
    score=0.999, box=(0, 0, 100, 120), landmarks=((32, 52), (68, 52), (50, 76), (34, 94), (66, 94))
)


@pytest.mark.parametrize(
    ("candidates", "rotation"),
    [
        ({0: []}, 0),
        ({0: [], 90: [], 180: [], 270: []}, 0),
        ({0: [], 90: [FRONTAL]}, 90),
        ({0: [WEAK], 270: [FRONTAL]}, 270),
        ({0: [], 180: [WEAK, WEAK, WEAK]}, 0),
        ({0: [FRONTAL], 180: [FRONTAL]}, 0),
        ({0: [WEAK], 90: [FRONTAL], 180: [FRONTAL]}, 90),
    ],
    ids=["nothing", "nobody", "turned", "better", "sum of poor ones", "upright wins ties", "first of equals"],
)
def test_the_best_single_face_decides(candidates, rotation):
    assert chosen_rotation(candidates) == rotation


@pytest.mark.parametrize(
    ("score", "agreement", "rotation"),
    [
        (0.89, 1.0, 0),
        (0.9, 0.97, 90),
        (0.94, 0.96, 0),
        (0.95, 0.95, 90),
        (0.97, 0.92, 90),
        (0.99, 0.9, 0),
        (0.996, 0.8, 90),
        (0.999, 0.74, 0),
    ],
)
def test_a_doubtful_face_proves_no_turn(score, agreement, rotation):
    face = fakes.detected_face(score=score, agreement=agreement)
    assert chosen_rotation({0: [], 90: [face]}) == rotation


def test_a_frontal_face_proves_that_a_photo_stands_upright():
    assert is_certainly_upright([WEAK, FRONTAL])
    assert not is_certainly_upright([])
    assert not is_certainly_upright([WEAK])
    assert not is_certainly_upright([LOW_EYES])


@pytest.mark.parametrize(("score", "eyes_y", "certain"), [(0.98, 36, True), (0.98, 38, False), (0.995, 43, True)])
def test_the_lower_the_eyes_the_better_the_score_has_to_be(score, eyes_y, certain):
    landmarks = ((28, eyes_y), (75, eyes_y), *EYES_AND_MOUTH[2:])
    assert is_certainly_upright([fakes.detected_face(score=score, landmarks=landmarks)]) == certain


def test_a_face_that_lies_on_its_side_proves_nothing():
    lying = fakes.detected_face(score=0.999, landmarks=((20, 80), (20, 20), (50, 50), (80, 75), (80, 25)))
    assert abs(lying.tilt) > 45
    assert not is_certainly_upright([lying])
    assert chosen_rotation({0: [], 90: [lying]}) == 0
