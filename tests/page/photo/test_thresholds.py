"""Which faces the thresholds of the Photo tab keep."""

from dataclasses import replace

import pytest

from gender_age.detection import MIN_SCORE
from page.photo.tab import SMALLEST_PERCENT, kept_faces

from .test_tab import FACES, FLOORS, PHOTO, face


@pytest.mark.parametrize(
    ("min_score", "smallest", "kept"),
    [
        (*FLOORS, [0, 1, 2]),
        (0.8, SMALLEST_PERCENT, [0, 1, 2]),
        (0.805, SMALLEST_PERCENT, [0, 2]),
        (MIN_SCORE, 4.0, [1, 2]),
        (MIN_SCORE, 10.0, [2]),
        (0.96, 10.0, []),
    ],
)
def test_thresholds(min_score, smallest, kept):
    assert kept_faces(PHOTO, min_score, smallest) == kept


def test_at_its_floors_nothing_that_the_detector_found_is_hidden():
    tiny = replace(PHOTO, faces=(face(5, 2, 0.5), replace(FACES[0], score=None)))
    assert kept_faces(tiny, *FLOORS) == [0, 1]
    assert kept_faces(tiny, 0.9, SMALLEST_PERCENT) == [1], "a face without a score has none that is too low"
