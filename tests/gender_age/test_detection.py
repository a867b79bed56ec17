"""The real MTCNN, with its real weights."""

import numpy as np
import pytest
from PIL import Image

from gender_age.face_search import FaceSearch
from gender_age.found_faces import Face
from gender_age.images import open_photo
from gender_age.mtcnn import Cascade
from gender_age.small_faces import DETECTION_SIDE
from gender_age.turning import rotate_image
from tests import fakes
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


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
    assert detector.detect_any_rotation(fakes.noise(size_wh)) == (0, [])


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
    search = FaceSearch.search
    monkeypatch.setattr(
        FaceSearch,
        "search",
        lambda self, images, *of: searched.append(images[0].size) or search(self, images, *of),
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


def test_the_smallest_face_is_a_share_of_the_image_or_20_pixels(detector, portrait, monkeypatch):
    asked = []

    def search(cascade, integral, smallest_face, border=0):
        asked.append((integral.shape[2] - 1, smallest_face))
        return [(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)), np.zeros((0, 4)))]

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


def test_a_face_that_fills_its_picture_is_found(detector, portrait):
    """A crop inside the box, as avatars are; MTCNN alone finds nothing in it."""
    (face,) = detector.detect(portrait)
    x1, y1, x2, y2 = face.box
    inset_x, inset_y = 0.1 * (x2 - x1), 0.1 * (y2 - y1)
    tight = portrait.crop((round(x1 + inset_x), round(y1 + inset_y), round(x2 - inset_x), round(y2 - inset_y)))
    rotation, faces = detector.detect_any_rotation(tight)
    assert (rotation, len(faces)) == (0, 1)
    assert_inside(faces, tight.size)
    expected = np.subtract(face.landmarks, (round(x1 + inset_x), round(y1 + inset_y)))
    assert np.allclose(faces[0].landmarks, expected, atol=0.08 * (x2 - x1))


def test_small_faces_of_a_group_are_found(detector, portrait):
    """Faces of a 67th of the longer side; the first search is for a fortieth."""
    (face,) = detector.detect(portrait)
    small = portrait.resize((round(portrait.width * 24 / face.side),) * 2, Image.Resampling.LANCZOS)
    canvas = Image.new("RGB", (1600, 1000), "grey")
    for number in range(6):
        canvas.paste(small, (40 + 250 * number, 100 + 120 * number))
    assert len(detector.detect(canvas)) < 6
    rotation, faces = detector.detect_any_rotation(canvas)
    assert (rotation, len(faces)) == (0, 6)
    assert all(19 < each.side < 30 for each in faces)


def test_faces_of_a_panorama_are_found(detector, portrait):
    canvas = Image.new("RGB", (6000, 500), "grey")
    for number in range(5):
        canvas.paste(portrait.resize((250, 250)), (100 + 1200 * number, 100))
    rotation, faces = detector.detect_any_rotation(canvas)
    assert (rotation, len(faces)) == (0, 5)
    centres = [(each.box[0] + each.box[2]) / 2 for each in faces]
    assert np.allclose(np.diff(centres), 1200, atol=10)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_face_that_fills_its_picture_is_turned_back(detector, portrait, turned):
    (face,) = detector.detect(portrait)
    x1, y1, x2, y2 = face.box
    inset_x, inset_y = 0.1 * (x2 - x1), 0.1 * (y2 - y1)
    tight = portrait.crop((round(x1 + inset_x), round(y1 + inset_y), round(x2 - inset_x), round(y2 - inset_y)))
    rotation, faces = detector.detect_any_rotation(rotate_image(tight, turned))
    assert (rotation, len(faces)) == ((360 - turned) % 360, 1)


@pytest.mark.parametrize("angle", [30, 45, 60, 135])
def test_a_tilted_head_is_one_face(detector, portrait, angle):
    _, faces = detector.detect_any_rotation(portrait.rotate(angle, Image.Resampling.BICUBIC, fillcolor="grey"))
    assert len(faces) == 1


def test_what_looks_like_a_face_in_one_view_only_is_none(detector, portrait, monkeypatch):
    (face,) = detector._search.search([portrait], sure_score=1.0)[0].faces
    assert 0.9 < face.agreement < 1
    monkeypatch.setattr(Cascade, "second_look", lambda self, integral, boxes, image=0: np.full(len(boxes), 0.4))
    assert detector._search.search([portrait], sure_score=1.0)[0].faces == []
