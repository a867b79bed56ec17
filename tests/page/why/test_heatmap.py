"""Heat maps over a face: their colours, their size, and the words for where their weight lies."""

import numpy as np
import pytest
from PIL import Image

from page.why.heatmap import bright_parts, colours, enlarged, heat_map, in_words

from .test_tab import TEMPLATE, at


def test_the_scale_rises_in_lightness_alone():
    lightness = colours(np.linspace(0, 1, 50)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > 0).all()
    assert colours(np.zeros((2, 3))).shape == (2, 3, 3)


def test_a_heat_map_is_bright_where_the_relevance_is_and_the_crop_stays():
    crop = Image.new("RGB", (96, 96), (120, 120, 120))
    picture = np.asarray(heat_map(crop, at(1, 4), side=240)).astype(int)
    assert picture.shape == (240, 240, 3)
    brightest = np.unravel_index(picture[..., 1].argmax(), (240, 240))
    assert 40 <= brightest[0] < 80
    assert 160 <= brightest[1] < 200
    assert crop.getcolors() == [(96 * 96, (120, 120, 120))]


def test_enlarging_keeps_the_range():
    values = enlarged(np.random.default_rng(0).random((6, 6)), 240)
    assert values.shape == (240, 240)
    assert 0 <= values.min() <= values.max() <= 1


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ((0, 3), "the hair and forehead"),
        ((1, 1), "the eyes and brows"),
        ((1, 4), "the eyes and brows"),
        ((4, 2), "the mouth"),
        ((4, 3), "the mouth"),
        ((3, 1), "the cheeks"),
        ((3, 4), "the cheeks"),
        ((5, 2), "the chin and neck"),
        ((2, 0), "the sides of the head"),
        ((3, 5), "the sides of the head"),
    ],
)
def test_each_patch_lies_on_the_part_of_the_face_that_is_there(place, part):
    parts = bright_parts(at(*place), TEMPLATE)
    assert parts[0][0] == part
    assert sum(share for _, share in parts) == pytest.approx(1)


def test_the_parts_move_with_the_template():
    nose = at(5, 6, grid=12) + at(6, 5, grid=12) + at(6, 6, grid=12) + at(5, 5, grid=12)
    assert bright_parts(nose, TEMPLATE)[0][0] == "the nose"
    lower = tuple((x, y + 0.25) for x, y in TEMPLATE)
    assert bright_parts(nose, lower)[0][0] == "the eyes and brows"


def test_words():
    assert in_words([("the nose", 0.8), ("the mouth", 0.2)]) == "Mostly the nose."
    three = [("the nose", 0.4), ("the mouth", 0.2), ("the cheeks", 0.2), ("the chin", 0.2)]
    assert in_words(three) == "Mostly the nose, then the mouth, then the cheeks."
    assert bright_parts(np.zeros((6, 6)), TEMPLATE) == []
    assert in_words([]) == "No part stands out."
