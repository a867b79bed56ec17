"""The small pictures of a photo's faces."""

import io

import pytest
from PIL import Image

from gender_age.searched_photo import FoundFace, SearchedPhoto
from page.many.strips import SIDE, strip_jpeg


def opened(data):
    picture = Image.open(io.BytesIO(data))
    return picture.size, [picture.getpixel((x, SIDE // 2)) for x in range(SIDE // 2, picture.width, SIDE)]


def test_faces_lie_side_by_side():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    found = tuple(FoundFace((0, 0, 9, 9), 0.9, None, Image.new("RGB", (32, 32), colour)) for colour in colours)
    photo = Image.new("RGB", (300, 200))
    size_wh, seen = opened(strip_jpeg(photo, SearchedPhoto("a.jpg", "a.jpg", photo.size, found=found)))
    assert size_wh == (3 * SIDE, SIDE)
    for colour, wanted in zip(seen, colours, strict=True):
        assert colour == pytest.approx(wanted, abs=8)


@pytest.mark.parametrize("size_wh", [(4000, 50), (50, 4000), (20, 20), (1, 1)])
def test_without_a_face_it_is_the_middle_of_the_photo(size_wh):
    photo = Image.new("RGB", size_wh, (10, 120, 200))
    strip = strip_jpeg(photo, SearchedPhoto("a.jpg", "a.jpg", photo.size, rotation=90))
    size_wh, (colour,) = opened(strip)
    assert size_wh == (SIDE, SIDE)
    assert colour == pytest.approx((10, 120, 200), abs=8)
