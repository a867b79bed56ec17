"""Which boxes are one face."""

import pytest

from gender_age.found_faces import is_same_face, without_duplicates
from tests import fakes


def at(x, y, side, score=0.99):
    shares = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75))
    landmarks = tuple((x + side * across, y + side * down) for across, down in shares)
    return fakes.detected_face(box=(x, y, x + side, y + side), score=score, landmarks=landmarks)


def test_none_is_an_empty_list():
    assert without_duplicates([]) == []


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (at(0, 0, 100), True),
        (at(20, 20, 100), True),  # 64 % of each
        (at(60, 0, 100), False),  # a neighbour, partly behind
        (at(200, 0, 100), False),
        (at(30, 30, 45), True),  # a part of the face taken for a face
        (at(0, 60, 40), False),  # a child in front of an adult's shoulder
    ],
)
def test_same_face(other, is_same):
    assert is_same_face(at(0, 0, 100), other) == is_same
    assert is_same_face(other, at(0, 0, 100)) == is_same


def test_the_better_score_is_kept_and_order_is_left_to_right():
    left, poor, good = at(0, 0, 100), at(310, 0, 100, 0.8), at(300, 0, 100)
    assert without_duplicates([poor, good, left]) == [left, good]


def test_a_moved_face_keeps_its_score_and_agreement():
    face = at(10, 20, 100)
    moved = face.moved(0.5, (5, -3), (40, 60))
    assert moved.box == (10, 7, 40, 57)
    assert moved.landmarks[0] == (0.5 * face.landmarks[0][0] + 5, 0.5 * face.landmarks[0][1] - 3)
    assert (moved.score, moved.agreement) == (face.score, face.agreement)
