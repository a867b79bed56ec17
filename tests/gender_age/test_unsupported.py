"""Kinds of known formats that cannot be read are called so, damaged files damaged, and odd ones read."""

import struct

import pytest

from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import encoded, picture, rgb_tags, tiff

JPEG = encoded(picture(), "JPEG")
BMP = encoded(picture(), "BMP")


def message(tmp_path, data, suffix):
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(data)
    with pytest.raises(PhotoError) as caught:
        open_photo(path)
    return str(caught.value)


def jpeg(marker=0xC0, bits=8, components=3):
    place = JPEG.index(b"\xff\xc0")
    length = 8 + 3 * components
    frame = struct.pack(">BBHBHHB", 0xFF, marker, length, bits, 40, 60, components) + bytes([1, 17, 0]) * components
    return JPEG[:place] + frame + JPEG[place + 19 :]


def tiff_with(**tags):
    tags = {int(tag[1:]): value for tag, value in tags.items()}
    return tiff(rgb_tags((60, 40), 8) | tags, data=picture().tobytes())


def bmp(place, value):
    return BMP[:place] + bytes([value]) + BMP[place + 1 :]


@pytest.mark.parametrize(
    ("suffix", "data", "kind"),
    [
        ("jpg", jpeg(bits=12), "JPEG (12 bits per sample)"),
        ("jpg", jpeg(0xC1, bits=12), "JPEG (12 bits per sample)"),
        ("jpg", jpeg(0xC3), "JPEG (lossless)"),
        ("jpg", jpeg(0xC3, bits=14), "JPEG (14 bits per sample)"),
        ("jpg", jpeg(0xC5), "JPEG (hierarchical)"),
        ("jpg", jpeg(0xCB), "JPEG (lossless)"),
        ("jpg", jpeg(components=2), "JPEG (2 components)"),
        ("tif", tiff_with(t259=34712), "TIFF (JPEG 2000 compression)"),
        ("tif", tiff_with(t259=34887), "TIFF (LERC compression)"),
        ("tif", tiff_with(t259=65000), "TIFF (unknown compression)"),
        ("tif", tiff_with(t262=9), "TIFF (8/8/8 bits per sample, colours of type 9)"),
        ("tif", tiff_with(t258=(10, 10, 10)), "TIFF (10/10/10 bits per sample, colours of type 2)"),
        ("bmp", bmp(14, 16), "BMP (header type 16)"),
        ("bmp", bmp(30, 4), "BMP (compression 4)"),
        ("bmp", bmp(28, 12), "BMP (pixel depth 12)"),
        ("png", b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI" + bytes(8) + encoded(picture(), "PNG")[8:], "PNG (for iPhone apps)"),
    ],
)
def test_an_unknown_kind_is_called_so(tmp_path, suffix, data, kind):
    wanted = f"“photo.{suffix}” is a kind of {kind} that cannot be read here: save or export it as a usual JPEG"
    assert message(tmp_path, data, suffix).startswith(wanted)


def test_a_damaged_file_is_called_damaged(tmp_path):
    whole = encoded(picture((600, 400)), "TIFF", compression="tiff_lzw")
    for suffix, data in {
        "jpg": JPEG[: len(JPEG) * 2 // 3],
        "jpeg": jpeg(0xC9)[:400],
        "tif": tiff_with()[:-40],
        "tiff": whole[: len(whole) // 2],
        "bmp": BMP[:200],
        "dib": bmp(30, 0)[:60],
    }.items():
        assert "is damaged or cut short" in message(tmp_path, data, suffix), suffix


def test_a_tiff_whose_pixels_are_missing_is_damaged(tmp_path):
    data = tiff(rgb_tags((60, 40), 100_000) | {262: 9}, data=picture().tobytes())
    assert "is damaged or cut short" in message(tmp_path, data, "tif")


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_bmp_whose_writer_left_alpha_alone(tmp_path, alpha):
    """All zeros are no transparency, as in browsers."""
    header = struct.pack("<IiiHHIIiiIIIIII", 124, 2, 2, 1, 32, 3, 16, 0, 0, 0, 0, 0xFF0000, 0xFF00, 0xFF, 0xFF << 24)
    blue = (0, 0, 255)
    head = b"BM" + struct.pack("<III", 154, 0, 138) + header.ljust(124, b"\0")
    (tmp_path / "a.bmp").write_bytes(head + bytes((*blue[::-1], alpha)) * 4)
    assert open_photo(tmp_path / "a.bmp").getpixel((0, 0)) == blue
