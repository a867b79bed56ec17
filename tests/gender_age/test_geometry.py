"""Boxes in whole pixels."""

import pytest

from gender_age.geometry import whole_pixels


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1.4, 2.6, 9.5, 8.5), (1, 3, 10, 8)),
        ((-3.0, -0.6, 25.0, 12.2), (0, 0, 20, 10)),
        ((5.2, 5.2, 5.4, 5.4), (5, 5, 6, 6)),
        ((19.9, 9.9, 20.0, 10.0), (19, 9, 20, 10)),
        ((25.0, 12.0, 30.0, 15.0), (19, 9, 20, 10)),
        ((-9.0, -9.0, -2.0, -2.0), (0, 0, 1, 1)),
        ((8.0, 8.0, 3.0, 3.0), (8, 8, 9, 9)),
    ],
    ids=["rounded", "clamped", "empty", "in the corner", "beyond", "before", "turned over"],
)
def test_whole_pixels_are_inside_and_never_empty(box, expected):
    found = whole_pixels(box, (20, 10))
    assert found == expected
    assert [type(value) for value in found] == [int] * 4
