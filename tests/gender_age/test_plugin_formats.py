"""HEIC and JPEG XL, which packages beside Pillow read."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from gender_age import formats, plugin_formats
from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import encoded, exif_with, is_upright, picture, profile

STORED = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}


def heic(image, **options):
    pytest.importorskip("pillow_heif").register_heif_opener()  # to write; reading needs no registration
    return encoded(image, "HEIF", quality=95, **options)


def jxl(image, **options):
    pytest.importorskip("pillow_jxl")
    return encoded(image, "JXL", **options)


def opened(tmp_path, data, **options):
    (tmp_path / "a.jpg").write_bytes(data)  # the suffix is not asked
    return open_photo(tmp_path / "a.jpg", **options)


@pytest.mark.parametrize("make", [heic, jxl])
def test_phones_photos_open(tmp_path, make):
    assert is_upright(opened(tmp_path, make(picture())))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(tmp_path, orientation):
    """The file holds both its own turn and EXIF's, as an iPhone's does."""
    turn = STORED[orientation]
    image = picture() if turn is None else picture().transpose(Image.Transpose(turn))
    data = heic(image, exif=b"Exif\0\0" + exif_with(3, orientation))
    assert exif_with(3, orientation) in data
    assert is_upright(opened(tmp_path, data))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
@pytest.mark.parametrize("make", [heic, jxl])
def test_modes(tmp_path, make, mode):
    assert opened(tmp_path, make(picture().convert(mode))).size == (60, 40)


@pytest.mark.parametrize(("brand", "codec"), [(b"avci", "H.264"), (b"vvic", "H.266"), (b"j2ki", "JPEG 2000")])
def test_another_codec_in_the_container_is_called_so(tmp_path, brand, codec):
    """A HEIC file that says that its picture is of another codec."""
    data = heic(picture()).replace(b"ftypheic", b"ftyp" + brand).replace(b"hvc1", brand)
    with pytest.raises(PhotoError, match=f"is a kind of HEIC .{codec} inside. that cannot be read here"):
        opened(tmp_path, data)


def test_the_colour_profile_of_a_phone(tmp_path):
    blue_is_red = profile(order="bgr")
    image = picture()
    data = heic(image, icc_profile=blue_is_red)
    assert opened(tmp_path, data).getpixel((4, 4))[2] > 200


def test_jpeg_packed_in_jpeg_xl(tmp_path):
    pytest.importorskip("pillow_jxl")
    path = tmp_path / "b.jpg"
    path.write_bytes(encoded(picture(), "JPEG", quality=95))
    with pytest.warns(UserWarning, match="lossless"), Image.open(path) as image:
        data = encoded(image, "JXL", lossless_jpeg=None)
    assert b"jbrd" in data
    assert opened(tmp_path, data).tobytes() == open_photo(path).tobytes()


@pytest.mark.parametrize("size_wh", [(60, 40), (64, 64), (256, 8), (300, 200), (16, 9), (3000, 10)])
def test_jpeg_xl_is_not_decoded_above_the_limit(tmp_path, monkeypatch, size_wh):
    data = jxl(Image.new("RGB", size_wh))
    num_pixels = size_wh[0] * size_wh[1]
    assert opened(tmp_path, data, max_pixels=num_pixels).size == size_wh
    import pillow_jxl

    monkeypatch.setattr(pillow_jxl, "Decoder", lambda **_: pytest.fail("decoded"))
    with pytest.raises(PhotoError, match="too large"):
        opened(tmp_path, data, max_pixels=num_pixels - 1)


@pytest.mark.parametrize("make", [heic, jxl])
def test_too_large_or_damaged(tmp_path, make):
    data = make(Image.effect_noise((80, 60), 80).convert("RGB"))
    with pytest.raises(PhotoError, match="too large"):
        opened(tmp_path, data, max_pixels=4799)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(PhotoError, match="damaged"):
            opened(tmp_path, data[: int(len(data) * share)])


@pytest.mark.parametrize("make", [heic, jxl])
def test_changed_bytes_give_a_picture_or_a_sentence(tmp_path, make):
    random = np.random.default_rng(0)
    whole = make(picture())
    refused, count = 0, 200
    for _ in range(count):
        data = bytearray(whole)
        for place in random.integers(12, len(data), 4):
            data[place] = random.integers(256)
        try:
            assert opened(tmp_path, bytes(data)).mode == "RGB"
        except PhotoError:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("module", "package", "head"),
    [
        ("pillow_heif", "pillow-heif", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("pillow_jxl", "pillow-jxl-plugin", b"\0\0\0\x0cJXL \r\n\x87\n"),
    ],
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, module, package, head):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PhotoError, match=f"needs the Python package {package}: install it, or .* as JPEG"):
        opened(tmp_path, head + bytes(100))


def test_suffixes_follow_the_packages():
    for name, suffixes in formats.PLUGIN_SUFFIXES.items():
        is_there = name in formats.SUFFIXES
        assert (name in formats.WANTED) == is_there
        assert set(suffixes) <= (formats.PHOTO_SUFFIXES if is_there else formats.UNREADABLE_SUFFIXES)
    assert ".dng" in formats.UNREADABLE_SUFFIXES
    assert plugin_formats.__name__ not in formats.FORMATS


def test_nothing_is_registered_nor_loaded_before_it_is_needed():
    code = "import sys; import gender_age.images; print({'pillow_heif', 'pillow_jxl'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
