"""RAW photos: the largest picture inside, never a thumbnail in silence."""

import numpy as np
import pytest
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import encoded, exif_with, is_upright, picture, rgb_tags, tiff

SENSOR = {256: 1200, 257: 800, 259: 1, 262: 32803, 273: 8}
THUMBNAIL_WH = (12, 8)
DNG = {50706: 0x01040000}


def opened(tmp_path, data, suffix="dng"):
    (tmp_path / f"a.{suffix}").write_bytes(data)
    return open_photo(tmp_path / f"a.{suffix}")


def raw(main, sub=None, second=None, large=None, orientation=None, **options):
    """A TIFF with a thumbnail in front, and `large` behind it in the file's data."""
    thumbnail = Image.new("RGB", THUMBNAIL_WH, "green").tobytes()
    data = thumbnail + (large or b"")
    place = 8 + len(thumbnail)
    first = {254: 1} | rgb_tags(THUMBNAIL_WH, 8) | main | ({274: orientation} if orientation else {})
    later = [] if second is None else [second(place, len(large or b""))]
    inside = [] if sub is None else [sub(place, len(large or b"")) | {"inside": 1}]
    if inside:
        first[330] = ("sub", 1 + len(later))
    return tiff(first, *later, *inside, data=data, **options)


def jpeg_tags(place, size):
    return {256: 60, 257: 40, 513: place, 514: size}


def strip_tags(place, size):
    return {256: 60, 257: 40, 259: 7, 262: 6, 273: place, 278: 40, 279: size}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("tags", [jpeg_tags, strip_tags])
@pytest.mark.parametrize("where", ["sub", "second"])
@pytest.mark.parametrize("main", [DNG, {}])
def test_the_large_jpeg_stands_for_the_photo(tmp_path, order, tags, where, main):
    """In a directory inside the first one (DNG, NEF), or in the next one (CR2, ARW)."""
    large = encoded(picture(), "JPEG", quality=95)
    assert is_upright(opened(tmp_path, raw(main, **{where: tags}, large=large, order=order)))


@pytest.mark.parametrize("order", "<>")
def test_large_pixels_stand_for_the_photo(tmp_path, order):
    pixels = picture().tobytes()
    assert is_upright(
        opened(tmp_path, raw(DNG, sub=lambda place, _: {254: 0} | rgb_tags((60, 40), place), large=pixels, order=order))
    )


def test_the_orientation_is_that_of_the_raw_photo(tmp_path):
    turned = picture().rotate(90, expand=True)
    jpeg = encoded(turned, "JPEG", quality=95)
    assert is_upright(opened(tmp_path, raw(DNG, sub=jpeg_tags, large=jpeg, orientation=6)))
    upright_itself = encoded(turned, "JPEG", quality=95, exif=b"Exif\0\0" + exif_with(3, 6))
    assert is_upright(opened(tmp_path, raw(DNG, sub=jpeg_tags, large=upright_itself, orientation=6)))
    pixels = raw(DNG, sub=lambda place, _: rgb_tags((40, 60), place), large=turned.tobytes(), orientation=6)
    assert is_upright(opened(tmp_path, pixels))


@pytest.mark.parametrize("suffix", ["dng", "nef", "tif", "jpg"])
@pytest.mark.parametrize(
    "data",
    [
        raw(DNG, sub=lambda *_: SENSOR),
        raw({}, sub=lambda *_: SENSOR),
        raw({}, second=lambda *_: SENSOR),
        raw(DNG, sub=lambda place, size: SENSOR | {259: 7, 262: 34892, 273: place, 279: size}, large=b"\xff\xd8\xff"),
        b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0" + tiff(SENSOR | {262: 1, 259: 6})[8:],
    ],
)
def test_without_a_large_picture_the_sentence_says_raw(tmp_path, suffix, data):
    with pytest.raises(PhotoError, match="is a RAW photo, which cannot be read here: .*export it as JPEG"):
        opened(tmp_path, data, suffix)


def test_lossless_jpeg_is_what_the_sensor_saw(tmp_path):
    large = bytearray(encoded(picture(), "JPEG"))
    large[large.index(b"\xff\xc0") + 1] = 0xC3
    with pytest.raises(PhotoError, match="RAW"):
        opened(tmp_path, raw(DNG, sub=strip_tags, large=bytes(large)))


def test_links_in_a_loop_end(tmp_path):
    data = bytearray(raw(DNG, sub=lambda *_: SENSOR))
    first = int.from_bytes(data[4:8], "little")
    data[-4:] = first.to_bytes(4, "little")
    with pytest.raises(PhotoError, match="RAW"):
        opened(tmp_path, bytes(data))


def test_a_larger_picture_inside_makes_the_first_one_a_thumbnail(tmp_path):
    """Which its own tags do not say."""
    data = raw({254: 0}, sub=lambda place, _: rgb_tags((60, 40), place), large=picture().tobytes())
    assert is_upright(opened(tmp_path, data))


@pytest.mark.parametrize("tags", [{}, {254: 2}, {254: 0}])
def test_pages_of_an_ordinary_tiff_are_no_raw_photo(tmp_path, tags):
    small = {254: 1} | rgb_tags(THUMBNAIL_WH, 8)
    pixels = picture().tobytes()
    large = tags | rgb_tags((60, 40), 8)
    for data in (
        tiff(large, small, data=pixels),
        tiff(large | {330: ("sub", 1)}, small | {"inside": 1}, data=pixels),
        tiff(rgb_tags((60, 40), 8), {254: 0} | rgb_tags((60, 90), 8), data=pixels),
    ):
        assert is_upright(opened(tmp_path, data, "tif"))


def test_changed_bytes_give_a_picture_or_a_sentence(tmp_path):
    random = np.random.default_rng(0)
    whole = raw(DNG, sub=jpeg_tags, large=encoded(picture(), "JPEG"), orientation=6)
    refused, count = 0, 300
    for _ in range(count):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 4):
            data[place] = random.integers(256)
        directory = int.from_bytes(whole[4:8], "little")
        data[random.integers(directory, len(data))] = random.integers(256)
        try:
            assert opened(tmp_path, bytes(data)).mode == "RGB"
        except PhotoError:
            refused += 1
    assert 0 < refused < count
