"""Many photos through the predictor: in batches, as a stream, side by side."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.standard_input import StandardInput
from tests.fakes import noise

from .conftest import BLANK, SIZE


def test_predict_raises_and_predict_batch_reports(predictor, tmp_path):
    (tmp_path / "notes.jpg").write_text("not a photo")
    with pytest.raises(PhotoError, match="notes.jpg"):
        predictor.predict(tmp_path / "notes.jpg")
    good, bad, missing = predictor.predict_batch([noise(SIZE), tmp_path / "notes.jpg", tmp_path / "missing.png"])
    assert len(good.faces) == 2
    assert good.error is None
    assert (bad.photo, bad.width, bad.height, bad.rotation, bad.faces) == ("notes.jpg", None, None, 0, ())
    assert "notes.jpg" in bad.error
    assert "missing.png" in missing.error
    assert good.path is None
    assert (bad.path, missing.path) == (str(tmp_path / "notes.jpg"), str(tmp_path / "missing.png"))
    # The path is where the caller gave it, and nowhere else.
    assert str(tmp_path) not in json.dumps([found.to_dict() | {"path": None} for found in (bad, missing)])


def test_a_batch_equals_its_photos_one_by_one_and_spans_photos(predictor, batches, tmp_path):
    photos = [noise(SIZE, 1), noise(BLANK), tmp_path / "missing.jpg", noise(SIZE, 2), noise(SIZE, 3)]
    predictions = predictor.predict_batch(photos)
    assert batches == [6]
    assert [len(prediction.faces) for prediction in predictions] == [2, 0, 0, 2, 2]
    for photo, prediction in zip(photos, predictions, strict=True):
        if prediction.error is None:
            for face, single in zip(prediction.faces, predictor.predict(photo).faces, strict=True):
                assert face.box == single.box
                assert (face.age, face.gender_probability) == pytest.approx(
                    (single.age, single.gender_probability), abs=1e-4
                )


@pytest.mark.parametrize(("batch_size", "expected"), [(1, [1] * 6), (3, [3, 1, 2]), (4, [4, 2]), (6, [6])])
def test_no_batch_is_larger_than_asked(predictor, batches, batch_size, expected):
    assert len(predictor.predict_batch([noise(SIZE, seed) for seed in range(3)], batch_size=batch_size)) == 3
    assert batches == expected


def test_an_impossible_batch_size_is_refused_at_the_call(predictor):
    for method in (predictor.predict_batch, predictor.iter_predict):
        with pytest.raises(ValueError, match="batch_size is 0"):
            method([noise(SIZE)], batch_size=0)


@pytest.mark.parametrize("settings", [{"batch_size": 1}, {"max_wait_s": 0.0}])
def test_the_stream_answers_a_photo_before_it_opens_the_next(predictor, settings):
    asked = []
    photos = (asked.append(number) or noise(SIZE, number) for number in range(3))
    stream = predictor.iter_predict(photos, **settings)
    assert len(next(stream).faces) == 2
    assert asked == [0]


def test_a_long_stream_waits_for_no_more_than_a_batch(predictor):
    opened = []

    def photos():
        yield noise(SIZE)
        while len(opened) < 100:
            opened.append(None)
            yield noise(BLANK)

    stream = predictor.iter_predict(photos(), batch_size=8)
    assert len(next(stream).faces) == 2
    assert len(opened) == 7


def test_a_photo_without_faces_waits_for_nothing(predictor):
    photos = iter([noise(BLANK), noise(SIZE)])
    assert next(predictor.iter_predict(photos)).faces == ()
    assert len(list(photos)) == 1


SINGLE = {
    "name": "photo.jpg",
    "path": Path("photo.jpg"),
    "bytes": b"photo.jpg",
    "standard input": StandardInput(),
    "open file": io.BytesIO(b"a\nphoto\n"),
    "image": noise(SIZE),
    "array": np.asarray(noise(SIZE)),
    "grey array": np.zeros((20, 30), np.uint8),
    "floats": np.zeros((20, 30, 3)),
    "scalar": np.array(1),
    "tensor": torch.zeros(3, 20, 30),
}


@pytest.mark.parametrize("single", SINGLE.values(), ids=SINGLE)
@pytest.mark.parametrize("method", ["predict_batch", "iter_predict"])
def test_one_photo_in_the_place_of_many_is_told_at_the_call(predictor, single, method):
    with pytest.raises(TypeError, match="single photo.*give a list of photos, or use `predict`"):
        getattr(predictor, method)(single)


@pytest.mark.parametrize("nothing", [None, 7, object()])
def test_what_holds_no_photos_is_told_at_the_call(predictor, nothing):
    with pytest.raises(TypeError, match=f"photos is a Python {type(nothing).__name__}; give a list"):
        predictor.iter_predict(nothing)


def test_several_photos_in_one_array(predictor, tmp_path):
    pictures = np.stack([np.asarray(noise(SIZE, seed)) for seed in range(3)])
    assert predictor.predict_batch(pictures) == predictor.predict_batch(list(pictures))
    assert [len(photo.faces) for photo in predictor.iter_predict(pictures)] == [2, 2, 2]
    assert predictor.predict_batch(np.zeros((0, 20, 30, 3), np.uint8)) == []
    names = np.array([str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")])
    assert [photo.photo for photo in predictor.predict_batch(names)] == ["a.jpg", "b.jpg"]


def test_photos_searched_side_by_side_answer_as_one_by_one(predictor, tmp_path):
    (tmp_path / "notes.jpg").write_text("text")
    photos = [noise(SIZE, 1), noise(BLANK), tmp_path / "notes.jpg", noise(SIZE, 2), noise(SIZE, 3)]
    one_by_one = list(predictor.iter_predict(photos, batch_size=2))
    for workers in (2, 3):
        assert list(predictor.iter_predict(photos, batch_size=2, workers=workers)) == one_by_one
    assert predictor.predict_batch(photos, batch_size=2) == one_by_one


def test_an_image_that_is_given_twice_is_read_once_at_a_time(predictor, tmp_path):
    noise((700, 500), 4).save(tmp_path / "a.jpg", quality=95)
    (right,) = predictor.predict(tmp_path / "a.jpg", whole_image=True).faces
    for _ in range(5):
        with Image.open(tmp_path / "a.jpg") as image:
            both = predictor.predict_batch([image, image], whole_image=True)
        assert [photo.error for photo in both] == [None, None]
        assert [photo.faces[0].age for photo in both] == pytest.approx([right.age] * 2, abs=1e-4)
