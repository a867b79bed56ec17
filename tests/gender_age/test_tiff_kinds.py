"""Kinds of TIFF that Pillow takes for others: read as the file says, or called unsupported."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import is_upright, picture, rgb_tags, tiff

GREY = np.asarray(picture().convert("L")).astype(int)
FULL = (GREY - GREY.min()) * 255 // np.ptp(GREY)
SIGNED, FLOAT = 2, 3


def opened(tmp_path, data):
    (tmp_path / "a.tif").write_bytes(data)
    return open_photo(tmp_path / "a.tif")


def grey_tiff(values, sample_format=1, order="<", compression=1, planes=False):
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if compression == 8 else data
    tags = {256: 60, 257: 40, 258: values.itemsize * 8, 259: compression, 262: 1, 273: 8, 277: 1, 278: 40}
    return tiff(tags | {279: len(data), 284: 1 + planes, 339: sample_format}, data=data, order=order)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize(
    ("values", "sample_format"),
    [
        ((GREY / 255).astype(np.float32), FLOAT),
        ((GREY * 257).astype(np.int32), SIGNED),
        ((GREY * 4).astype(np.int16), SIGNED),
        ((GREY * 257 - 30_000).astype(np.int32), SIGNED),
    ],
)
def test_samples_of_either_byte_order(tmp_path, order, compression, values, sample_format):
    wanted = GREY if values.min() >= 0 else (GREY - GREY.min()) * 255 / np.ptp(GREY)
    got = np.asarray(opened(tmp_path, grey_tiff(values, sample_format, order, compression)).convert("L"))
    assert np.abs(got - wanted).max() <= 1


@pytest.mark.parametrize("compression", [1, 8])
def test_whole_numbers_of_32_bits_have_no_sign(tmp_path, compression):
    values = FULL * (2**32 - 1) // 255
    got = np.asarray(opened(tmp_path, grey_tiff(values.astype(np.uint32), compression=compression)).convert("L"))
    assert np.abs(got - FULL).max() <= 1


@pytest.mark.parametrize("order", "<>")
def test_signed_samples_of_16_bits_have_15_for_light(tmp_path, order):
    values = (FULL * 32767 // 255).astype(np.int16)
    got = np.asarray(opened(tmp_path, grey_tiff(values, SIGNED, order)).convert("L"))
    assert np.abs(got - FULL).max() <= 1


def without(tag, data):
    """The TIFF of LONGs with this tag made one of no meaning."""
    return data.replace(struct.pack("<HH", tag, 4), struct.pack("<HH", 65000, 4))


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("values", [GREY.astype(np.uint8), (GREY * 257).astype(np.uint16), GREY.astype(np.float32)])
def test_without_a_photometric_interpretation_0_is_black(tmp_path, values, compression):
    sample_format = FLOAT if values.dtype == np.float32 else 1
    got = opened(tmp_path, without(262, grey_tiff(values, sample_format, compression=compression)))
    assert np.abs(np.asarray(got.convert("L")) - GREY).max() <= 1


@pytest.mark.parametrize("tags", [(262,), (277,), (262, 277)])
def test_colours_without_a_photometric_interpretation_or_a_number_of_samples(tmp_path, tags):
    data = tiff(rgb_tags((60, 40), 8), data=picture().tobytes())
    for tag in tags:
        data = without(tag, data)
    assert is_upright(opened(tmp_path, data))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("values", "sample_format"),
    [((GREY * 257).astype(np.uint16), 1), ((GREY / 255).astype(np.float32), FLOAT), (GREY.astype(np.uint8), 1)],
)
def test_a_single_sample_in_a_plane_of_its_own(tmp_path, order, values, sample_format):
    got = opened(tmp_path, grey_tiff(values, sample_format, order, planes=True))
    assert np.abs(np.asarray(got.convert("L")) - GREY).max() <= 1


def in_planes(pixels, compression=1, **tags):
    """Samples of an `(height, width, samples)` array, one plane behind the other."""
    planes = [np.ascontiguousarray(plane).tobytes() for plane in np.moveaxis(pixels, -1, 0)]
    planes = [zlib.compress(plane) for plane in planes] if compression == 8 else planes
    lengths = tuple(map(len, planes))
    places = tuple(8 + sum(lengths[:number]) for number in range(len(planes)))
    bits = (pixels.itemsize * 8,) * len(planes)
    more = {258: bits, 259: compression, 273: places, 277: len(planes), 279: lengths, 284: 2}
    more |= {int(tag[1:]): value for tag, value in tags.items()}
    return tiff(rgb_tags((60, 40), 8) | more, data=b"".join(planes))


RGB = np.asarray(picture())
RGB16 = RGB.astype(np.uint16) * 257
LA = np.dstack([GREY, np.full_like(GREY, 255)]).astype(np.uint8)
RGBA = np.asarray(picture().convert("RGBA"))


@pytest.mark.parametrize(("pixels", "compression"), [(RGB, 1), (RGB, 8), (RGB16, 8)])
def test_planes_that_pillow_reads(tmp_path, pixels, compression):
    assert is_upright(opened(tmp_path, in_planes(pixels, compression)))


def big_endian_bigtiff():
    tags = rgb_tags((60, 40), 16)
    tags[258] = 8
    entries = b"".join(struct.pack(">HHQQ", tag, 16, 1, value) for tag, value in sorted(tags.items()))
    pixels = picture().tobytes()
    head = struct.pack(">2sHHHQ", b"MM", 43, 8, 0, 16 + len(pixels))
    return head + pixels + struct.pack(">Q", len(tags)) + entries + bytes(8)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (in_planes(RGB16), "samples in planes"),
        (in_planes(LA, t262=1, t338=2), "samples in planes"),
        (in_planes(LA, 8, t262=1, t338=2), "samples in planes"),
        (in_planes(RGBA, t338=1), "samples in planes"),
        (in_planes(np.asarray(picture().convert("LAB")), 8, t262=8), "samples in planes"),
        (tiff(rgb_tags((60, 40), 8) | {258: (32, 32, 32), 259: 50000}, data=bytes(99)), "32/32/32 bits per sample"),
        (tiff(rgb_tags((60, 40), 8) | {258: 8, 262: 0, 266: 2, 277: 1}, data=bytes(7200)), "8 bits per sample"),
        (tiff(rgb_tags((60, 40), 8) | {262: 6, 530: (1, 1)}, data=picture().convert("YCbCr").tobytes()), "YCbCr"),
        (grey_tiff((GREY - 128).astype(np.int8), SIGNED), "signed samples of 8 bits"),
        (big_endian_bigtiff(), "BigTIFF, big-endian"),
    ],
)
def test_other_kinds_are_called_so(tmp_path, data, kind):
    with pytest.raises(PhotoError, match=f"is a kind of TIFF .{kind}.* that cannot be read here"):
        opened(tmp_path, data)


def test_pillow_misreads_them_still(tmp_path):
    """Where this fails, `misread_tiff` can go."""
    (tmp_path / "a.tif").write_bytes(in_planes(RGB16))
    with Image.open(tmp_path / "a.tif") as image:
        assert image.convert("RGB").tobytes() != picture().tobytes()


def colour_map_of(*colours):
    """Reds, greens and blues of 256 entries."""
    table = np.zeros((3, 256), int)
    table[:, : len(colours)] = np.transpose(colours)
    return tuple(table.ravel().tolist())


@pytest.mark.parametrize("factor", [1, 257])
def test_a_palette_of_8_bits_where_16_belong(tmp_path, factor):
    colours = colour_map_of((0, 0, 0), (200 * factor, 100 * factor, 50 * factor))
    tags = {256: 60, 257: 40, 258: 8, 259: 1, 262: 3, 273: 8, 277: 1, 278: 40, 279: 2400, 320: colours}
    assert opened(tmp_path, tiff(tags, data=bytes([1]) * 2400)).getpixel((9, 9)) == (200, 100, 50)


def test_floats_with_highlights_above_white(tmp_path):
    """Of a bright sky or a lamp; 0..255 in floats is told by most of its values."""
    values = (GREY / 255).astype(np.float32)
    values[:5] = 40
    got = np.asarray(opened(tmp_path, grey_tiff(values, FLOAT)).convert("L"))
    assert np.abs(got[5:] - GREY[5:]).max() <= 1
    assert got[:5].min() == 255
    values = GREY.astype(np.float32)
    values[:30] = 0
    assert np.abs(np.asarray(opened(tmp_path, grey_tiff(values, FLOAT)).convert("L")) - values).max() <= 1
