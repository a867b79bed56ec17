"""What is said of a photo and of a face: by keyword, frozen, and as JSON."""

import dataclasses

import pytest

from gender_age.results import FaceEstimate, FacePrediction, PhotoPrediction
from gender_age.tracking import TrackedFace
from tests import fakes

FACE_KEYS = ["box", "score", "gender", "gender_probability", "uncertain", "age", "age_interval", "age_interval_level"]
RESULTS = [FaceEstimate(**fakes.ESTIMATE), fakes.face(), fakes.photo(), fakes.tracked_face()]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: type(result).__name__)
def test_values_come_by_keyword_and_stay(result):
    names = [field.name for field in dataclasses.fields(result)]
    values = {name: getattr(result, name) for name in names}
    assert type(result)(**values) == result
    with pytest.raises(TypeError, match="positional argument"):
        type(result)(*values.values())
    with pytest.raises(TypeError, match="positional argument"):
        type(result)(values.pop(names[0]), **values)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, names[0], None)
    assert not hasattr(result, "__dict__")


@pytest.mark.parametrize("kind", [FacePrediction, TrackedFace])
def test_every_face_is_an_estimate(kind):
    assert issubclass(kind, FaceEstimate)
    assert {field.name for field in dataclasses.fields(FaceEstimate)} == set(fakes.ESTIMATE)


def test_an_unusable_photo_has_its_sentence_and_nothing_else():
    found = PhotoPrediction.unusable("a.jpg", "“a.jpg” is empty.")
    assert found == PhotoPrediction(
        photo="a.jpg", path=None, width=None, height=None, rotation=0, faces=(), error="“a.jpg” is empty."
    )
    assert found.to_dict() == {
        "photo": "a.jpg",
        "width": None,
        "height": None,
        "rotation": 0,
        "faces": [],
        "error": "“a.jpg” is empty.",
    }
    assert PhotoPrediction.unusable("a.jpg", "Empty.", "trip/a.jpg").path == "trip/a.jpg"
    assert PhotoPrediction.unusable("a.jpg", "Empty.", path="trip/a.jpg").to_dict()["path"] == "trip/a.jpg"


def test_the_json_of_a_face():
    landmarks = ((20.0, 30.0), (40.0, 30.0), (30.0, 40.0), (22.0, 50.0), (38.0, 50.0))
    found = fakes.face(box=(10, 20, 50, 60), score=None, landmarks=landmarks, under_18=0.4).to_dict()
    assert list(found) == FACE_KEYS
    assert found == {
        "box": [10, 20, 50, 60],
        "score": None,
        "gender": "female",
        "gender_probability": 0.9,
        "uncertain": False,
        "age": 40.0,
        "age_interval": [30.0, 50.0],
        "age_interval_level": 0.8,
    }
    assert type(found["box"]) is type(found["age_interval"]) is list


def test_the_json_of_a_photo_holds_its_path_only_where_there_is_one():
    faces = (fakes.face(), fakes.face(gender="male"))
    without = fakes.photo(faces=faces, rotation=90)
    assert list(without.to_dict()) == ["photo", "width", "height", "rotation", "faces", "error"]
    assert without.to_dict() == {
        "photo": "image",
        "width": 200,
        "height": 100,
        "rotation": 90,
        "faces": [face.to_dict() for face in faces],
        "error": None,
    }
    given = dataclasses.replace(without, path="../trip/a.jpg").to_dict()
    assert list(given) == ["photo", "path", "width", "height", "rotation", "faces", "error"]
    assert given == without.to_dict() | {"path": "../trip/a.jpg"}
