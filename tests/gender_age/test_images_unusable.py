"""open_photo: everything that is no usable photo is one sentence, never another error."""

import io
import os
import struct
import zlib
from pathlib import PurePath

import numpy as np
import pytest
from PIL import ExifTags, Image, features

from gender_age.errors import PhotoError
from gender_age.images import MAX_PIXELS, open_photo
from tests import fakes


def picture(size_wh=(60, 40)):
    return Image.new("RGB", size_wh, (0, 0, 255))


def saved(tmp_path, image, suffix="png", **options):
    path = tmp_path / f"photo.{suffix}"
    image.save(path, **options)
    return path


def message(photo, **options):
    with pytest.raises(PhotoError) as caught:
        open_photo(photo, **options)
    text = str(caught.value)
    assert text.endswith(".")
    assert text.isprintable()
    assert os.sep not in text.replace(" / ", "")
    return text


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tiff", "avif"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_truncated(tmp_path, suffix):
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    path = saved(tmp_path, fakes.noise((80, 80)), suffix)
    whole = path.read_bytes()
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert "photo." in message(path)
        assert "damaged or cut short" in message(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_changed_byte_is_a_picture_or_a_sentence(tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera"
    stream = io.BytesIO()
    picture().save(stream, "JPEG", exif=exif)
    outcomes = set()
    for _ in range(400):
        data = bytearray(stream.getvalue())
        for place in random.integers(0, len(data), 6):
            data[place] = random.integers(256)
        path.write_bytes(data)
        try:
            outcomes.add(open_photo(path).mode)
        except PhotoError:
            outcomes.add("error")
    assert outcomes == {"RGB", "error"}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"Dear all,\nthis is a letter.\n", "text"),
        ("Жизнь ".encode() * 200, "text"),
        (b"\0\1\2\3\x9a\xbc" * 50, "unknown data"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "damaged"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a RAW photo"),
        (b"FUJIFILMCCD-RAW 0201", "a RAW photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "a video"),
        (b"RIFF\x64\0\0\0AVI LIST" + bytes(99), "a video"),
        (b"RIFF\x64\0\0\0WAVEfmt " + bytes(99), "unknown data"),
        (b"RIFF\x64\0\0\0WEBPVP8 ", "damaged"),
        (b"RIFF", "damaged"),
        (b"\xff\xd8\xff\xe0rest", "damaged"),
    ],
)
def test_not_a_photo(tmp_path, data, found):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert found in message(path)
    assert "“photo.jpg”" in message(path)
    assert ("export it as JPEG" in message(path)) == (found in ("a JPEG 2000 image", "a RAW photo"))


@pytest.mark.parametrize("exotic", ["PPM", "TGA", "PCX", "ICNS", "EPS"])
def test_exotic_formats_are_not_parsed(tmp_path, exotic):
    path = tmp_path / "photo.jpg"
    picture((64, 64)).save(path, exotic)
    assert "is not a photo" in message(path)


def png_header(width, height):
    """A PNG that claims a size and holds no pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 9999) + b"IDAT"


@pytest.mark.parametrize("size_wh", [(50_000, 50_000), (10_000, 9_000), (9_000, 9_500)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_decompression_bomb(tmp_path, size_wh):
    before = Image.MAX_IMAGE_PIXELS
    path = tmp_path / "photo.png"
    path.write_bytes(png_header(*size_wh))
    text = message(path)
    assert "too large" in text
    assert "85 megapixels" in text
    assert before == Image.MAX_IMAGE_PIXELS
    assert before > MAX_PIXELS, "above it Pillow prints a warning for photos that are accepted"


@pytest.mark.filterwarnings("error")
def test_decompression_bomb_where_warnings_are_errors(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(png_header(10_000, 9_000))
    assert "too large" in message(path)


def test_pixel_limit_of_the_caller(tmp_path):
    path = saved(tmp_path, picture())
    assert open_photo(path, max_pixels=2400).size == (60, 40)
    assert "60 × 40" in message(path, max_pixels=2399)
    assert "60 × 40" in message(picture(), max_pixels=2399)


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "empty" in message(tmp_path / "empty.jpg")
    assert "“empty.jpg”" in message(str(tmp_path / "empty.jpg"))
    assert "is a folder" in message(tmp_path)
    assert "does not exist" in message(tmp_path / "none.jpg")
    assert "does not exist" in message(tmp_path / "empty.jpg" / "photo.jpg")
    assert "pipe" in message(tmp_path / "pipe.jpg")
    assert "cannot be opened" in message("null\0byte.jpg")
    assert "cannot be opened" in message("long" * 200)
    assert "There is no photo" in message(None)
    assert "There is no photo" in message("")


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        ("http://photos.invalid/a.jpg?size=large", "http"),
        ("HTTPS://photos.invalid/", "https"),
        (PurePath("https://photos.invalid/a.jpg"), "https"),
        ("s3://bucket/a.jpg", "s3"),
        ("hf://datasets/owner/name", "hf"),
        ("data:image/png;base64," + "A" * 9000, "data"),
        ("ftp://photos.invalid/null\0byte", "ftp"),
    ],
)
def test_an_address_is_to_be_downloaded(address, scheme):
    said = message(address)
    assert f"is an address ({scheme}:), not a file: download the photo first" in said
    assert "is an address (file:), not a path" in message("file:///home/someone/a.jpg")


@pytest.mark.parametrize("text", ["iVBORw0KGgo" * 30 + "==", "/9j/4AAQ" * 900])
def test_base64_is_to_be_decoded(text):
    assert message(text).startswith("The photo is base64 text, not a path: decode it")


def test_a_file_that_is_called_like_an_address_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "https:").mkdir()
    picture().save("https:/a.png")
    assert open_photo("https://a.png").size == (60, 40)
    assert "does not exist" in message("C:/a.jpg")
    assert "does not exist" in message("a:b.jpg")


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(116, "Stale file handle")])
def test_unreadable_files(tmp_path, monkeypatch, error):
    """Raised by hand: the superuser, who often runs tests, may read everything."""
    path = saved(tmp_path, picture())

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr("pathlib.Path.open", refuse)
    wanted = "may not be read" if isinstance(error, PermissionError) else "Stale file handle"
    assert wanted in message(path)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
    ],
)
def test_other_arrays_are_refused(pixels):
    assert str(pixels.dtype) in message(pixels)
    assert str(pixels.shape) in message(pixels)


@pytest.mark.parametrize(
    "nothing", [np.zeros((0, 0, 3), np.uint8), np.zeros((5, 0), np.uint8), Image.new("RGB", (0, 9))]
)
def test_no_pixels(nothing):
    assert "no pixels" in message(nothing)


@pytest.mark.parametrize("other", [7, b"photo.jpg", ["photo.jpg"]])
def test_other_types_are_refused(other):
    assert type(other).__name__ in message(other)


def test_closed_image(tmp_path):
    with Image.open(saved(tmp_path, picture())) as given:
        pass
    assert "damaged" in message(given)
