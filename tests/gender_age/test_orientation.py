"""Orientation, in every format and however the tag was written, without a warning."""

import struct
import time

import pytest
from PIL import ExifTags, Image, features

from gender_age.images import open_photo
from gender_age.orientation import orientation_of

from .pictures import encoded, exif_with, is_upright, picture, png_chunk, rgb_tags, tiff

UNDO = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}

pytestmark = pytest.mark.filterwarnings("error")


def stored(orientation):
    return picture() if orientation == 1 else picture().transpose(Image.Transpose(UNDO[orientation]))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_eight_orientations(tmp_path, suffix, orientation):
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored(orientation).save(tmp_path / f"a.{suffix}", exif=exif, quality=95)
    assert is_upright(open_photo(tmp_path / f"a.{suffix}"))


ODD = {
    "several entries": (exif_with(3, 6, 1, 1), 6),
    "two in four bytes": (exif_with(3, 6, 8), 6),
    "invalid, then valid": (exif_with(3, 0, 77, 6), 6),
    "many": (exif_with(3, *[6] * 500), 6),
    "LONG": (exif_with(4, 6), 6),
    "BYTE": (exif_with(1, 6), 6),
    "little-endian": (exif_with(3, 6, 3, order="<"), 6),
    "text": (exif_with(2, *b"Horizontal (normal)\0"), 1),
    "zero": (exif_with(3, 0), 1),
    "nine": (exif_with(3, 9), 1),
    "fraction": (b"MM\0*\0\0\0\x08\0\1\1\x12\0\5\0\0\0\1\0\0\0\x08" + bytes(4), 1),
    "beyond the end": (b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\xff\xff\xff\0\xff\xff\xff" + bytes(4), 1),
    "count of the entries": (b"MM\0*\0\0\0\x08\xff\xff\1\x12\0\3\0\0\0\1\0\6\0\0", 6),
    "empty": (b"", 1),
    "garbage": (bytes(range(200)), 1),
    "no directory": (b"II*\0\xff\xff\xff\xff", 1),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tags(tmp_path, name):
    exif, orientation = ODD[name]
    assert orientation_of(exif) == orientation
    image = stored(orientation)
    jpeg = encoded(image, "JPEG", quality=95)
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
    png = encoded(image, "PNG")
    files = {
        "jpg": jpeg[:20] + segment + jpeg[20:],  # behind JFIF's segment without a resolution
        "jpeg": jpeg[:2] + segment + jpeg[20:],
        "png": png[:33] + png_chunk(b"eXIf", exif) + png[33:],
        "webp": encoded(image, "WEBP", exif=b"Exif\0\0" + exif, quality=95),
    }
    for suffix, data in files.items():
        (tmp_path / f"a.{suffix}").write_bytes(data)
        assert is_upright(open_photo(tmp_path / f"a.{suffix}")), suffix


@pytest.mark.parametrize(
    "xmp",
    [
        b'<r tiff:Orientation="6"/>',
        b"<r tiff:Orientation='6'/>",
        b"<r tiff:Orientation = '6' />",
        b"<tiff:Orientation> 6 </tiff:Orientation>",
    ],
)
def test_xmp_of_any_spelling(xmp):
    assert orientation_of(b"", xmp) == 6
    assert orientation_of(exif_with(3, 8), xmp) == 8


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize(("values", "orientation"), [((6, 1), 6), ((0, 8), 8), ((99,), 1), ((77, 78, 79), 1)])
def test_odd_tags_of_tiff(tmp_path, compression, values, orientation):
    import zlib

    image = stored(orientation)
    pixels = image.tobytes() if compression == 1 else zlib.compress(image.tobytes())
    tags = rgb_tags(image.size, 8) | {259: compression, 274: values, 279: len(pixels)}
    (tmp_path / "a.tif").write_bytes(tiff(tags, data=pixels))
    assert is_upright(open_photo(tmp_path / "a.tif"))


def test_odd_tags_of_avif_do_not_warn(tmp_path):
    """AVIF has an orientation of its own, which goes before EXIF's."""
    if not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    data = encoded(picture(), "AVIF", exif=b"Exif\0\0" + exif_with(3, 6, 8, tag=275), quality=95)
    place = data.index(b"\x01\x13\0\3\0\0\0\2")
    (tmp_path / "a.avif").write_bytes(data[:place] + b"\x01\x12" + data[place + 2 :])
    assert is_upright(open_photo(tmp_path / "a.avif"))


def test_an_avif_full_of_headers_is_no_work(tmp_path):
    if not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    tail = b"II*\0\x08\0\0\0\xe8\3" * 200_000
    (tmp_path / "a.avif").write_bytes(encoded(picture(), "AVIF") + struct.pack(">I", len(tail) + 8) + b"free" + tail)
    start = time.process_time()
    assert is_upright(open_photo(tmp_path / "a.avif"))
    assert time.process_time() - start < 0.5


def test_the_callers_change_counts():
    image = stored(6)
    image.getexif()[ExifTags.Base.Orientation] = 6
    assert is_upright(open_photo(image))
