"""The real MTCNN, whose weights are in its wheel."""

import numpy as np
import pytest
from PIL import Image

from gender_age.detection import DETECTION_SIDE, Face, FaceDetector, rotate_image
from gender_age.images import open_photo
from gender_age.mtcnn import Cascade
from tests import fakes
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    return open_photo(EXAMPLES / "collins.jpg")


@pytest.fixture(scope="module")
def group() -> Image.Image:
    return open_photo(EXAMPLES / "group.jpg")


def assert_inside(faces: list[Face], size_wh: tuple[int, int]) -> None:
    for face in faces:
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= size_wh[0]
        assert 0 <= y1 < y2 <= size_wh[1]
        assert 0 <= face.score <= 1
        assert np.shape(face.landmarks) == (5, 2)


@pytest.mark.parametrize(
    "size_wh", [(1, 1), (8, 8), (10, 10), (800, 12), (12, 800), (40, 4000), (4000, 40), (300, 200)]
)
def test_no_face_is_an_empty_list(detector, size_wh):
    assert detector.detect(Image.new("RGB", size_wh, "navy")) == []
    assert detector.detect(fakes.noise(size_wh)) == []
    assert detector.detect_any_rotation(Image.new("RGB", size_wh, "navy")) == (0, [])


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "CMYK"])
def test_any_mode_finds_the_face(detector, portrait, mode):
    faces = detector.detect(portrait.convert(mode))
    assert len(faces) == 1
    assert_inside(faces, portrait.size)


def test_the_face_is_where_it_is(detector, portrait):
    (face,) = detector.detect(portrait)
    x1, y1, x2, y2 = face.box
    assert x1 < 225 < x2
    assert y1 < 115 < y2
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    assert abs(face.tilt) < 15


def test_a_face_cut_by_the_border_has_its_box_inside(detector, portrait):
    cut = portrait.crop((190, 60, 512, 512))
    faces = detector.detect(cut)
    assert len(faces) == 1
    assert_inside(faces, cut.size)
    assert faces[0].box[0] < 5


def test_faces_come_left_to_right(detector, group):
    faces = detector.detect(group)
    centres = [face.box[0] + face.box[2] for face in faces]
    assert len(faces) == 3
    assert centres == sorted(centres)
    assert_inside(faces, group.size)


def test_a_large_photo_is_searched_small_and_answered_large(detector, portrait, monkeypatch):
    searched = []
    search = FaceDetector._search
    monkeypatch.setattr(
        FaceDetector,
        "_search",
        lambda self, images, size, *of: searched.append(size) or search(self, images, size, *of),
    )
    large = portrait.resize((2048, 2048))
    (face,) = detector.detect(large)
    (small,) = detector.detect(portrait)
    assert searched == [(DETECTION_SIDE, DETECTION_SIDE), portrait.size]
    assert np.allclose(np.divide(face.landmarks, 4), small.landmarks, atol=6)


def test_batch_equals_single(detector, portrait):
    blank, mirrored = Image.new("RGB", portrait.size), portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    images = [portrait, blank, mirrored]
    batch = detector.detect_batch(images)
    assert [len(faces) for faces in batch] == [1, 0, 1]
    for image, faces in zip(images, batch, strict=True):
        for found, single in zip(faces, detector.detect(image), strict=True):
            assert np.allclose(found.box, single.box, atol=0.01)
            assert found.score == pytest.approx(single.score, abs=1e-4)
            assert np.allclose(found.landmarks, single.landmarks, atol=0.01)


def test_batch_of_none_and_of_two_sizes(detector, portrait):
    assert detector.detect_batch([]) == []
    with pytest.raises(ValueError, match="of one size"):
        detector.detect_batch([portrait, Image.new("RGB", (20, 20))])


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_photo_is_turned_back(detector, portrait, turned):
    rotation, faces = detector.detect_any_rotation(rotate_image(portrait, turned))
    (upright,) = detector.detect(portrait)
    assert rotation == (360 - turned) % 360
    assert len(faces) == 1
    assert np.allclose(faces[0].box, upright.box, atol=2)
    assert abs(faces[0].tilt) < 15


@pytest.mark.parametrize("name", ["hopper.jpg", "obama.jpg", "group.jpg"])
def test_a_confident_false_face_in_an_upside_down_photo_does_not_stop_the_search(detector, name):
    upright = open_photo(EXAMPLES / name)
    rotation, faces = detector.detect_any_rotation(rotate_image(upright, 180))
    assert rotation == 180
    assert len(faces) == len(detector.detect(upright))


def test_boxes_of_a_turned_oblong_photo_are_in_the_turned_frame(detector):
    sideways = open_photo(EXAMPLES / "obama-turned.jpg")
    rotation, faces = detector.detect_any_rotation(sideways)
    assert rotation == 90
    assert len(faces) == 1
    assert_inside(faces, rotate_image(sideways, rotation).size)


def test_a_certain_upright_face_ends_the_search(detector, portrait, monkeypatch):
    calls = []
    search = FaceDetector._search
    monkeypatch.setattr(
        FaceDetector, "_search", lambda self, images, size: calls.append(size) or search(self, images, size)
    )
    assert detector.detect_any_rotation(portrait)[0] == 0
    assert len(calls) == 1


def test_the_smallest_face_is_a_share_of_the_image_or_20_pixels(detector, portrait, monkeypatch):
    asked = []

    def search(cascade, batch, smallest_face):
        asked.append((batch.shape[2], smallest_face))
        return [(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))]

    monkeypatch.setattr(Cascade, "search", search)
    for side in (512, 1000):
        assert detector.detect(portrait.resize((side, side))) == []
    assert detector.detect(portrait, smallest_share=1 / 16) == []
    assert asked == [(512, 20), (1000, 25), (512, 32)]


def test_small_faces_are_left_out_where_asked(detector, group):
    small = group.resize((489, 200))
    canvas = Image.new("RGB", (1000, 800))
    canvas.paste(small)
    assert len(detector.detect(canvas)) == 3
    assert detector.detect(canvas, smallest_share=1 / 4) == []
    assert detector.detect(Image.new("RGB", (4000, 40)), smallest_share=1 / 4) == []
