"""Grey of 8 to 16 bits in samples of 16 and 32."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from gender_age.grey_depth import grey_to_uint8
from gender_age.images import open_photo

from .pictures import encoded, with_chunks

DEPTHS = (8, 10, 12, 14, 16)


def ramp(bits, share=1.0):
    return (np.linspace(0, (1 << bits) - 1, 256)[None].repeat(4, 0) * share).round()


def levels(photo):
    return np.asarray(open_photo(photo))[2, :, 0].astype(int)


def saved(tmp_path, data, suffix="png"):
    (tmp_path / f"a.{suffix}").write_bytes(data)
    return tmp_path / f"a.{suffix}"


@pytest.mark.parametrize("bits", DEPTHS)
def test_every_depth_fills_the_scale(tmp_path, bits):
    values = ramp(bits)
    little, big = values.astype("<u2"), values.astype(">u2")
    mm = b"MM\0*\0\0\0\x08" + tiff_directory(256, 4, len(big.tobytes())) + big.tobytes()
    for photo in [
        saved(tmp_path, encoded(Image.fromarray(little), "PNG")),
        saved(tmp_path, encoded(Image.fromarray(little), "TIFF"), "tif"),
        saved(tmp_path, encoded(Image.fromarray(little), "TIFF", compression="tiff_lzw"), "tiff"),
        saved(tmp_path, mm, "mm.tif"),
        Image.frombytes("I;16B", (256, 4), big.tobytes()),
        Image.fromarray(values.astype(np.int32)),
        Image.fromarray(values.astype(np.float32)),
    ]:
        assert np.abs(levels(photo) - np.arange(256)).max() <= 1, photo


def tiff_directory(width, height, size, more=()):
    tags = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, 0), (278, height), (279, size), *more]
    place = 8 + 2 + 12 * len(tags) + 4
    entries = b""
    for tag, value in sorted(tags):
        value = place if tag == 273 else value
        entries += tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")
    return len(tags).to_bytes(2, "big") + entries + bytes(4)


def test_a_dark_picture_stays_dark(tmp_path):
    """White at most is a quarter of its depth, unless the file says how deep it is."""
    assert levels(saved(tmp_path, encoded(Image.fromarray(ramp(16, 0.3).astype(np.uint16)), "PNG"))).max() == 76
    black = np.full((4, 256), 3, np.uint16)
    assert levels(Image.fromarray(black)).max() == 3
    dark = encoded(Image.fromarray(ramp(16, 0.003).astype(np.uint16)), "PNG")
    assert levels(saved(tmp_path, with_chunks(dark, (b"sBIT", b"\x10")))).max() == 1
    assert levels(saved(tmp_path, with_chunks(dark, (b"sBIT", b"\x0c")))).max() == 12


def test_what_tiff_says_about_the_depth(tmp_path):
    dark = ramp(12, 0.05).astype(">u2").tobytes()
    for most, brightest in ((4095, 13), (65535, 1), (255, 205)):
        data = b"MM\0*\0\0\0\x08" + tiff_directory(256, 4, len(dark), [(281, most)]) + dark
        assert levels(saved(tmp_path, data, "tif")).max() == brightest, most


def test_white_may_be_zero(tmp_path):
    values = ramp(16).astype(np.uint16)
    data = encoded(Image.fromarray(values), "TIFF", tiffinfo={262: 0})
    with Image.open(io.BytesIO(data)) as image:
        assert image.tag_v2[262] == 0
    assert np.abs(levels(saved(tmp_path, data, "tif"))[::-1] - np.arange(256)).max() <= 1


def test_a_transparent_value_becomes_white(tmp_path):
    values = ramp(14).astype(np.uint16)
    path = saved(tmp_path, with_chunks(encoded(Image.fromarray(values), "PNG"), (b"tRNS", b"\0\0")))
    assert levels(path)[0] == 255
    assert np.abs(levels(path)[1:] - np.arange(1, 256)).max() <= 1


@pytest.mark.parametrize("white", [1.0, 4095.0, 1e6])
def test_floats_are_read_in_strips_on_one_scale(white):
    """The darkest, the brightest and what is no number lie in different strips."""
    shares = np.linspace(0.25, 0.75, 200 * 3, dtype=np.float32).reshape(200, 3)
    shares[0], shares[199], shares[100] = 0, 1, np.nan
    found = grey_to_uint8(shares * np.float32(white))
    assert np.abs(found - np.rint(np.nan_to_num(shares) * 255)).max() <= 1
    assert (found.min(), found.max()) == (0, 255)


def test_floats_take_little_more_memory_than_their_answer():
    values = np.random.default_rng(0).random((2000, 1000), dtype=np.float32)
    tracemalloc.start()
    try:
        assert grey_to_uint8(values).nbytes == 2_000_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
