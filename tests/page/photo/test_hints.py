"""Hints: what each threshold tells apart, on the examples and on made pictures."""

import math

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gender_age.alignment import DEFAULT_ALIGNMENT, align_face
from page.photo.hints import (
    BLURRED,
    BLURRED_BELOW,
    CROP,
    DARK,
    DARK_BELOW,
    LYING,
    OUTSIDE,
    SMALL,
    TILTED,
    TURNED,
    UNSURE,
    UNSURE_BELOW,
    UPSIDE_DOWN,
    brightness,
    eye_tilt,
    face_hints,
    is_partly_outside,
    middle_grey,
    missing_faces_hint,
    nose_offset,
    sharpness,
)
from page.shared.settings import ROOT
from tests import fakes

SIDE = 96
FRAME_WH = (400, 300)
# The template's five points in a face of 100 pixels at (100, 100).
FRONT = tuple((100 + 100 * x, 100 + 100 * y) for x, y in DEFAULT_ALIGNMENT.template)
SHARP = Image.effect_noise((SIDE, SIDE), 80).filter(ImageFilter.GaussianBlur(0.7)).convert("RGB")
SMOOTH = Image.effect_noise((6, 6), 80).resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGB")


def face(box=(100, 100, 200, 220), landmarks=FRONT, score=0.99):
    return fakes.face(box=box, landmarks=landmarks, score=score)


def turned(landmarks, degrees):
    angle = math.radians(degrees)
    matrix = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = np.asarray(landmarks)
    return tuple(map(tuple, ((points - points.mean(axis=0)) @ matrix.T + points.mean(axis=0)).tolist()))


def nose_moved(by):
    """The front face with its nose moved to a side, in distances of the eyes."""
    eyes = FRONT[1][0] - FRONT[0][0]
    return (*FRONT[:2], (FRONT[2][0] + by * eyes, FRONT[2][1]), *FRONT[3:])


def test_a_good_face_has_none():
    assert face_hints(face(), FRAME_WH, SHARP) == []


@pytest.mark.parametrize(
    ("changed", "crop", "wanted"),
    [
        ({"box": (100, 100, 150, 163)}, SHARP, [SMALL]),
        ({"box": (100, 100, 150, 164)}, SHARP, []),
        ({"box": (0, 100, 100, 220)}, SHARP, [OUTSIDE]),
        ({"box": (300, 100, 400, 220)}, SHARP, [OUTSIDE]),
        ({"landmarks": (*FRONT[:4], (410.0, 200.0))}, SHARP, [OUTSIDE]),
        ({"landmarks": nose_moved(0.4)}, SHARP, [TURNED]),
        ({"landmarks": nose_moved(-0.4)}, SHARP, [TURNED]),
        ({"landmarks": nose_moved(0.3)}, SHARP, []),
        ({"landmarks": turned(FRONT, 35)}, SHARP, [TILTED]),
        ({"landmarks": turned(FRONT, -35)}, SHARP, [TILTED]),
        ({"landmarks": turned(FRONT, 25)}, SHARP, []),
        ({"landmarks": turned(FRONT, 55)}, SHARP, [TILTED]),
        ({"landmarks": turned(FRONT, 65)}, SHARP, [LYING]),
        ({"landmarks": turned(FRONT, 90)}, SHARP, [LYING]),
        ({"landmarks": turned(FRONT, -90)}, SHARP, [LYING]),
        ({"landmarks": turned(FRONT, 140)}, SHARP, [UPSIDE_DOWN]),
        ({"landmarks": turned(FRONT, 180)}, SHARP, [UPSIDE_DOWN]),
        ({"landmarks": turned(FRONT, -175)}, SHARP, [UPSIDE_DOWN]),
        ({"score": UNSURE_BELOW - 0.001}, SHARP, [UNSURE]),
        ({"score": UNSURE_BELOW}, SHARP, []),
        ({"score": None}, SHARP, []),
        ({}, SMOOTH, [BLURRED]),
        ({}, SHARP.point(lambda value: value // 5), [DARK]),
        ({"landmarks": None}, SHARP, []),
        ({"landmarks": None, "box": (0, 0, *FRAME_WH)}, SHARP, []),
    ],
)
def test_one_reason_at_a_time(changed, crop, wanted):
    assert face_hints(face(**changed), FRAME_WH, crop) == wanted


def test_a_small_face_is_not_called_blurred_too():
    assert face_hints(face(box=(100, 100, 130, 140)), FRAME_WH, SMOOTH) == [SMALL]


def test_every_reason_at_once():
    crop = Image.new("RGB", (SIDE, SIDE), (9, 9, 9))
    found = face_hints(face((0, 0, 100, 120), turned(nose_moved(0.5), 50), 0.7), FRAME_WH, crop)
    assert found == [UNSURE, OUTSIDE, TURNED, TILTED, BLURRED, DARK]


def test_the_size_wanted_is_the_same_for_a_larger_model():
    larger = SHARP.resize((192, 192))
    assert SMALL in face_hints(face(box=(100, 100, 150, 163)), FRAME_WH, larger)
    assert SMALL not in face_hints(face(box=(100, 100, 150, 164)), FRAME_WH, larger)


@pytest.mark.parametrize("degrees", [0, 20, -50, 90])
def test_nose_offset_and_tilt_do_not_mix(degrees):
    assert nose_offset(turned(nose_moved(0.4), degrees)) == pytest.approx(0.4)
    assert eye_tilt(turned(FRONT, degrees)) == pytest.approx(abs(degrees), abs=1e-6)


def test_eyes_at_one_point():
    assert nose_offset((FRONT[0], FRONT[0], *FRONT[2:])) == math.inf
    assert face_hints(face(landmarks=(FRONT[0], FRONT[0], *FRONT[2:])), FRAME_WH, SHARP) == [TURNED]


def test_a_whole_image_is_not_outside():
    assert not is_partly_outside(face((0, 0, *FRAME_WH), None), FRAME_WH)


def group(size_wh, *sides):
    faces = tuple(fakes.face(box=(90 * number, 0, 90 * number + side, 10)) for number, side in enumerate(sides))
    return fakes.photo(width=size_wh[0], height=size_wh[1], faces=faces)


@pytest.mark.parametrize(
    ("prediction", "hint"),
    [
        (group((3000, 4000)), ""),
        (group((3000, 4000), 59, 59), ""),
        (group((3000, 4000), 59, 59, 60, 300), ""),
        (group((3000, 4000), 59, 59, 59, 300), f"Faces under about 40 pixels are not looked for. {CROP}"),
        (group((416, 300), 25, 25, 25), "Faces under about 20 pixels are not looked for."),
        (group((30000, 20000), *[900] * 200), f"Only the 200 largest faces are answered: there may be more. {CROP}"),
        (group((30000, 20000), *[900] * 199), ""),
        (fakes.photo(width=None, height=None, error="“notes.jpg” is not a photo."), ""),
    ],
)
def test_the_size_limit_is_named_where_several_faces_are_near_it(prediction, hint):
    assert missing_faces_hint(prediction) == hint


@pytest.mark.parametrize(("factor", "shift"), [(0.3, 0), (0.5, 90), (1.0, 0)])
def test_sharpness_leaves_light_and_contrast_alone(factor, shift):
    grey = np.asarray(SHARP.convert("L"), dtype=float)
    assert sharpness(grey * factor + shift) == pytest.approx(sharpness(grey))


def test_an_even_picture_is_not_sharp():
    assert sharpness(np.full((20, 20), 128.0)) == 0.0


def test_brightness_is_that_of_the_brightest_tenth():
    grey = np.full((10, 10), 40.0)
    grey[:2] = 200.0
    assert brightness(grey) == 200.0
    assert brightness(grey / 4) == 50.0


# Landmarks by MTCNN, to the pixel.
EXAMPLES = {
    "collins.jpg": ((205, 101), (247, 103), (225, 129), (202, 139), (245, 142)),
    "obama.jpg": ((444, 214), (553, 212), (496, 278), (437, 321), (556, 318)),
    "hopper.jpg": ((222, 192), (310, 186), (269, 239), (233, 280), (307, 276)),
    "hopper-small-dim.jpg": ((89, 77), (125, 75), (108, 95), (94, 111), (123, 110)),
}


def example_crop(name):
    return align_face(Image.open(ROOT / "examples" / name).convert("RGB"), EXAMPLES[name], SIDE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_sharp_until_they_are_blurred(name):
    crop = example_crop(name)
    grey = middle_grey(crop)
    blurred = middle_grey(crop.filter(ImageFilter.GaussianBlur(2)))
    assert sharpness(grey) > 10 * BLURRED_BELOW
    assert sharpness(blurred) < BLURRED_BELOW


@pytest.mark.parametrize("name", EXAMPLES)
def test_only_the_dim_example_is_dark(name):
    assert (brightness(middle_grey(example_crop(name))) < DARK_BELOW) == ("dim" in name)
