"""Faces of people who lie, or stand on their heads, among upright ones."""

import numpy as np
import pytest
from PIL import Image

from gender_age.found_faces import Face
from gender_age.images import open_photo
from gender_age.turning import rotate_image
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
TILTS = {90: -90, 180: 180, 270: 90}


@pytest.fixture(scope="module")
def people():
    return [open_photo(EXAMPLES / name).resize((300, 300)) for name in ("hopper.jpg", "obama.jpg", "collins.jpg")]


def row(pictures):
    canvas = Image.new("RGB", (300 * len(pictures), 300))
    for number, picture in enumerate(pictures):
        canvas.paste(picture, (300 * number, 0))
    return canvas


@pytest.mark.parametrize("turned", TILTS)
def test_a_lying_face_among_upright_ones_is_found_as_it_lies(detector, people, turned):
    left, middle, right = people
    _, upright = detector.detect_any_rotation(row([left, middle, right]))
    rotation, faces = detector.detect_any_rotation(row([left, rotate_image(middle, turned), right]))
    assert (rotation, len(faces)) == (0, 3)
    assert abs((faces[1].tilt - TILTS[turned] + 180) % 360 - 180) < 20
    own = upright[1].moved(1.0, (-300, 0), (300, 300))
    back = faces[1].moved(1.0, (-300, 0), (300, 300)).turned_back(turned, (300, 300))
    assert np.allclose(back.landmarks, own.landmarks, atol=0.08 * own.side)
    for found, other in ((faces[0], upright[0]), (faces[2], upright[2])):
        assert np.allclose(found.box, other.box, atol=1)


def test_upright_faces_alone_stay_as_they_are(detector, people):
    rotation, faces = detector.detect_any_rotation(row(people))
    assert rotation == 0
    assert [abs(face.tilt) < 20 for face in faces] == [True] * 3


@pytest.mark.parametrize("turned", [0, *TILTS])
def test_turned_back_is_the_inverse_of_a_turn(turned):
    """A white pixel, in an image that is higher than wide."""
    image = Image.new("L", (30, 50))
    image.putpixel((4, 7), 255)
    ys, xs = np.nonzero(np.asarray(rotate_image(image, turned)))
    x, y = int(xs[0]), int(ys[0])
    face = Face(box=(x, y, x + 1, y + 1), score=1.0, landmarks=((x + 0.5, y + 0.5),) * 5)
    back = face.turned_back(turned, image.size)
    assert back.box == (4, 7, 5, 8)
    assert back.landmarks[0] == (4.5, 7.5)
