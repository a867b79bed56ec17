"""Colours of 8 to 14 bits in samples of 16 are as bright as they are meant to be."""

import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from gender_age.images import open_photo
from gender_age.sample_bytes import with_depth
from tests.robustness.bombs import png

from .pictures import png_chunk, rgb_tags, tiff

WIDTH, HEIGHT = 60, 40
COLOURS = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3))


def samples(bits):
    """The colours with so many bits; at least one sample has all of them."""
    return (COLOURS * ((1 << bits) - 1) / 255).round().astype(np.uint16)


def as_png(values, *chunks):
    rows = np.zeros((HEIGHT, 1 + 2 * values[0].size), np.uint8)
    rows[:, 1:] = np.ascontiguousarray(values.astype(">u2")).view(np.uint8).reshape(HEIGHT, -1)
    data = png_chunk(b"IDAT", zlib.compress(rows.tobytes()))
    return png((WIDTH, HEIGHT), *chunks, data, depth=16, colour={3: 2, 4: 6}[values.shape[2]])


def as_tiff(values, order="<", compression=1, **tags):
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if compression == 8 else data
    more = {258: (16,) * 3, 259: compression, 279: len(data)} | {int(tag[1:]): value for tag, value in tags.items()}
    return tiff(rgb_tags((WIDTH, HEIGHT), 8) | more, data=data, order=order)


def opened(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    return np.asarray(open_photo(tmp_path / "a.png")).astype(int)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_the_depth_of_the_samples_counts(tmp_path, bits):
    values = samples(bits)
    files = [as_png(values), *(as_tiff(values, order, comp) for order in "<>" for comp in (1, 8))]
    files.append(as_png(np.dstack([values, np.full((HEIGHT, WIDTH), 65535, np.uint16)])))
    for data in files:
        assert np.abs(opened(tmp_path, data) - COLOURS).max() <= 1


def test_a_dark_picture_stays_dark(tmp_path):
    """Where the file says that its samples have more bits than are used."""
    got = opened(tmp_path, as_png(samples(12), png_chunk(b"sBIT", bytes([16, 16, 16]))))
    assert np.abs(got - COLOURS // 16).max() <= 1


def test_both_bytes_are_turned_alike(tmp_path):
    got = opened(tmp_path, as_tiff(np.ascontiguousarray(samples(12)[::-1, ::-1]), t274=3))
    assert np.abs(got - COLOURS).max() <= 1


def test_transparency_stays(tmp_path):
    alpha = np.zeros((HEIGHT, WIDTH), np.uint16)
    alpha[:, 30:] = 65535
    got = opened(tmp_path, as_png(np.dstack([samples(10), alpha])))
    assert (got[:, :30] == 255).all()
    assert np.abs(got - COLOURS)[:, 30:].max() <= 1


def test_a_large_picture_is_decoded_once(tmp_path, monkeypatch):
    monkeypatch.setattr("gender_age.sample_bytes.MOST_PIXELS", WIDTH * HEIGHT - 1)
    for data in (as_png(samples(12)), as_tiff(samples(12))):
        assert np.abs(opened(tmp_path, data) - COLOURS // 16).max() <= 1


def test_memory_is_bounded():
    """Of a picture of 25 megapixels, more would be refused by the workers."""
    upper, lower = Image.new("RGB", (1000, 1000), (3, 3, 3)), Image.new("RGB", (1000, 1000), (9, 9, 9))
    tracemalloc.start()
    try:
        assert with_depth(upper, lower, 0).getpixel((0, 0)) == (194, 194, 194)
        assert tracemalloc.get_traced_memory()[1] < 10_500_000
    finally:
        tracemalloc.stop()
