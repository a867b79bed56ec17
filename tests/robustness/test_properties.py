"""Properties that hold for every input, searched by hypothesis: images, arrays, bytes, names, faces that are found."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from gender_age.alignment import align_face
from gender_age.checkpoint import load_checkpoint
from gender_age.errors import PhotoError
from gender_age.images import open_photo, photo_name
from gender_age.prediction import GenderAgePredictor
from tests import fakes

from .searching import FEW, MANY, TEXT, without_joiners

MODES = "1 L LA La P PA RGB RGBA RGBX RGBa CMYK YCbCr LAB HSV I F I;16 I;16B I;16L I;16N".split()  # noqa: SIM905
STARTS = (
    b"",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\xff\0\0\0WEBPVP8 ",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
)


@st.composite
def images(draw) -> Image.Image:
    """An image of any mode, with any pixels, transparency and orientation."""
    mode, size_wh = draw(st.sampled_from(MODES)), (draw(st.integers(0, 20)), draw(st.integers(0, 20)))
    image = Image.new(mode, size_wh)
    if all(size_wh):
        pixels = draw(st.binary(min_size=64, max_size=64)) * (size_wh[0] * size_wh[1] // 8 + 1)
        image.frombytes(pixels[: len(image.tobytes())])
    if draw(st.booleans()):
        image.info["transparency"] = draw(
            st.one_of(st.integers(0, 255), st.binary(max_size=256), st.tuples(*[st.integers(0, 255)] * 3))
        )
    if draw(st.booleans()):
        image.getexif()[ExifTags.Base.Orientation] = draw(st.one_of(st.integers(0, 70_000), st.text(max_size=3)))
    return image


def outcome(photo) -> Image.Image | str:
    """The opened photo, or the sentence."""
    try:
        return open_photo(photo)
    except PhotoError as error:
        return str(error)


@MANY
@given(images())
def test_an_image_of_any_mode(image):
    before = image.tobytes()
    opened = outcome(image)
    if isinstance(opened, str):
        assert opened.endswith(".")
        return
    assert opened.mode == "RGB"
    assert opened.info == {}
    assert opened.size in (image.size, image.size[::-1])
    assert image.tobytes() == before, "the caller's image was changed"


@MANY
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_any_bytes(tmp_path, start, data):
    (tmp_path / "a.jpg").write_bytes(start + data)
    with pytest.raises(PhotoError, match=r"^“a.jpg” .*\.$"):
        open_photo(tmp_path / "a.jpg")


@MANY
@given(
    st.sampled_from([np.uint8, np.uint16, np.int8, np.float32, np.bool_, np.complex64, object]),
    st.lists(st.integers(0, 6), max_size=4),
)
def test_any_array(dtype, shape):
    opened = outcome(np.zeros(shape, dtype))
    assert opened.endswith(".") if isinstance(opened, str) else opened.size == (shape[1], shape[0])


@MANY
@given(TEXT)
def test_a_name_is_safe_to_print(text):
    name = photo_name(text)
    assert without_joiners(name).isprintable()
    assert 0 < len(name) <= 120
    assert "/" not in name
    assert photo_name(name) == name


NUMBERS = st.floats(-60, 300, allow_nan=False, width=32)


@pytest.fixture(scope="module")
def checkpoint(tiny_model_folder):
    return load_checkpoint(tiny_model_folder, device="cpu")


@FEW
@given(
    st.lists(st.tuples(st.tuples(*[NUMBERS] * 4), st.tuples(*[st.tuples(NUMBERS, NUMBERS)] * 5)), max_size=4),
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
)
def test_whatever_the_detector_finds_is_a_row(checkpoint, found, size_wh):
    faces = [fakes.detected_face(box=box, landmarks=landmarks) for box, landmarks in found]
    detector = fakes.FakeDetector({size_wh: (0, faces)})
    answer = GenderAgePredictor(*checkpoint, detector).predict(Image.new("RGB", size_wh, "teal"))
    assert len(answer.faces) == len(faces)
    json.dumps(answer.to_dict(), allow_nan=False)
    for face in answer.faces:
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= size_wh[0]
        assert 0 <= y1 < y2 <= size_wh[1]
    centres = [face.box[0] + face.box[2] for face in answer.faces]
    assert centres == sorted(centres)


@MANY
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=5, max_size=5))
def test_any_landmarks_make_a_picture(landmarks):
    assert align_face(Image.new("RGB", (90, 60), "teal"), landmarks, 32).size == (32, 32)
