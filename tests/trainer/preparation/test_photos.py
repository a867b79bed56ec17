"""The trainer opens images as page and command line do, and its datasets open with Pillow alone."""

import io

import numpy as np
import pytest
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.images import MAX_PIXELS, open_photo
from tests.gender_age.pictures import encoded, exif_with, is_upright, picture, png_chunk, profile
from tests.gender_age.test_plugin_formats import heic, jxl
from tests.gender_age.test_raw_photos import DNG, jpeg_tags, raw
from tests.trainer.drawn_sources import DrawnFaces, chip_name, drawing, run, write_folder
from trainer.preparation.photos import decode, storable


def grey_12_bit():
    return encoded(Image.fromarray(np.linspace(0, 4095, 60 * 40).reshape(40, 60).astype(np.uint16)), "PNG")


def dng():
    return raw(DNG, sub=jpeg_tags, large=encoded(picture(), "JPEG", quality=95))


KINDS = {
    "profile": lambda: encoded(picture(), "PNG", icc_profile=profile("adobe", 2.2)),
    "orientation": lambda: encoded(
        picture().rotate(90, expand=True), "JPEG", quality=95, exif=b"Exif\0\0" + exif_with(3, 6)
    ),
    "grey": grey_12_bit,
    "WebP": lambda: encoded(picture(), "WEBP"),
    "AVIF": lambda: encoded(picture(), "AVIF"),
    "HEIC": lambda: heic(picture()),
    "JPEG XL": lambda: jxl(picture()),
    "DNG": dng,
}
FOR_OTHERS = {"HEIC", "JPEG XL", "DNG"}


def pixels(image):
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_face_has_the_pixels_that_it_has_on_the_page(tmp_path, kind):
    data = KINDS[kind]()
    (tmp_path / "photo.jpg").write_bytes(data)
    served = open_photo(tmp_path / "photo.jpg")
    assert np.array_equal(pixels(decode(data)), pixels(served))
    assert kind == "grey" or is_upright(served)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_opens_with_pillow_in_the_same_frame(kind):
    data = KINDS[kind]()
    image = decode(data)
    kept = storable(data, image)
    assert (kept == data) == (kind not in FOR_OTHERS)
    if kind in FOR_OTHERS:
        with Image.open(io.BytesIO(kept)) as found:
            assert (found.format, found.size) == ("PNG", image.size)
            assert np.array_equal(pixels(found), pixels(image))
    assert np.array_equal(pixels(decode(kept)), pixels(image))


def test_images_are_bounded():
    header = (100_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    with pytest.raises(PhotoError, match=f"the limit is {MAX_PIXELS // 1_000_000}"):
        decode(bomb)


@pytest.mark.parametrize("data", [b"", b"no picture", drawing(1)[:100]])
def test_what_is_no_image_is_a_sentence(data):
    with pytest.raises(PhotoError, match=r"^The image .*\.$"):
        decode(data)


def test_photos_of_phones_are_prepared(tmp_path, out, load):
    """A HEIC file that was named .jpg, and a RAW photo: whole pictures, in the frame of the landmarks."""
    made = [KINDS["HEIC"](), KINDS["DNG"](), KINDS["orientation"]()]
    files = {chip_name(number): data for number, data in enumerate(made, start=1)}
    detector = DrawnFaces()
    run(write_folder(tmp_path / "phones", files), out, detector)
    rows = [row for split in load(out).values() for row in split]
    assert sorted(row["file"].rpartition("/")[2] for row in rows) == sorted(files)
    assert detector.seen == 3
    assert set(detector.sizes) == {(60, 40)}
    assert all(is_upright(row["image"].convert("RGB")) for row in rows)
