"""The cascade finds what facenet-pytorch's own `detect` finds."""

import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN
from PIL import Image

from gender_age.images import open_photo
from gender_age.mtcnn import Cascade
from tests.conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


@pytest.fixture(scope="module")
def reference() -> MTCNN:
    return MTCNN(keep_all=True)


@pytest.fixture(scope="module")
def cascade() -> Cascade:
    mtcnn = MTCNN()
    return Cascade(mtcnn.pnet, mtcnn.rnet, mtcnn.onet, torch.device("cpu"))


def by_place(boxes, scores, landmarks):
    order = np.argsort([box[0] for box in boxes])
    return [np.asarray(values, dtype=float)[order] for values in (boxes, scores, landmarks)]


@pytest.mark.parametrize("smallest_face", [20, 33.3])
@pytest.mark.parametrize("size_wh", [(733, 300), (300, 401)])
def test_the_same_faces_as_the_reference(reference, cascade, size_wh, smallest_face):
    photos = [open_photo(EXAMPLES / name).resize(size_wh) for name in ("group.jpg", "obama.jpg", "hopper.jpg")]
    batch = np.stack([np.asarray(photo) for photo in photos])
    reference.min_face_size = smallest_face
    expected = list(zip(*reference.detect(batch, landmarks=True), strict=True))
    found = cascade.search(cascade.integral_images(batch), smallest_face)
    assert sum(len(boxes) for boxes, *_ in found) >= 3
    for ours, theirs in zip(found, expected, strict=True):
        if theirs[0] is None:  # its way to say that there is no face
            assert len(ours[0]) == 0
            continue
        assert len(ours[0]) == len(theirs[0])
        for values, reference_values in zip(by_place(*ours[:3]), by_place(*theirs), strict=True):
            assert np.allclose(values, reference_values, atol=2e-3)


def test_faces_cut_by_the_border(reference, cascade):
    cut = np.asarray(open_photo(EXAMPLES / "collins.jpg").crop((190, 60, 512, 512)))[None].copy()
    reference.min_face_size = 20
    boxes, _, _ = reference.detect(cut, landmarks=True)
    ((found, *_),) = cascade.search(cascade.integral_images(cut), 20)
    assert found.min() < 0
    assert np.allclose(found, np.asarray(boxes[0], dtype=float), atol=2e-3)


@pytest.mark.parametrize("size_wh", [(48, 48), (20, 300), (2, 2)])
def test_no_face_is_no_row(cascade, size_wh):
    blank = np.asarray(Image.new("RGB", size_wh, "navy"))[None].copy()
    (found,) = cascade.search(cascade.integral_images(blank), 40)
    assert [values.shape for values in found] == [(0, 4), (0,), (0, 5, 2), (0, 4)]
