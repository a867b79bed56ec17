"""One photo through the predictor."""

import json

import numpy as np
import pytest
import torch

import gender_age
from gender_age.alignment import align_face
from gender_age.checkpoint import alignment_of
from gender_age.detection import LIVE_FACE_SHARE
from gender_age.prediction import GenderAgePredictor
from gender_age.searched_photo import CROWD
from gender_age.turning import rotate_image
from tests.conftest import REPOSITORY
from tests.fakes import FakeDetector, detected_face, noise

from .conftest import BLANK, SIZE


def test_no_face_is_an_empty_tuple(predictor, batches):
    prediction = predictor.predict(noise(BLANK))
    assert prediction.faces == ()
    assert prediction.error is None
    assert (prediction.width, prediction.height) == BLANK
    assert batches == []


def test_a_photo_as_json_holds_the_contract_and_nothing_else(predictor):
    values = json.loads(json.dumps(predictor.predict(noise(SIZE)).to_dict(), allow_nan=False))
    assert list(values) == ["photo", "width", "height", "rotation", "faces", "error"]
    assert values | {"faces": None} == {
        "photo": "image", "width": 200, "height": 120, "rotation": 0, "faces": None, "error": None,
    }  # fmt: skip
    face = values["faces"][0]
    assert list(face) == [
        "box", "score", "gender", "gender_probability", "uncertain", "age", "age_interval", "age_interval_level",
    ]  # fmt: skip
    assert face["box"] == [20, 30, 80, 90]
    assert face["score"] == 0.99
    assert face["gender"] in ("female", "male")
    assert 0.5 <= face["gender_probability"] <= 1
    assert face["age_interval"][0] <= face["age"] <= face["age_interval"][1]
    assert face["age_interval_level"] == 0.8
    assert isinstance(face["uncertain"], bool)


def test_a_face_knows_how_probably_it_is_a_minors(predictor):
    (under_18,) = {face.under_18 for face in predictor.predict(noise(SIZE)).faces[:1]}
    assert 0 < under_18 < 1


def test_the_model_sees_the_aligned_normalised_pixels(predictor, monkeypatch):
    seen = []
    forward = predictor.model.forward
    monkeypatch.setattr(
        predictor.model, "forward", lambda pixel_values: seen.append(pixel_values) or forward(pixel_values)
    )
    image = noise(SIZE)
    face = predictor.predict(image).faces[0]
    crop = align_face(image, face.landmarks, 32, predictor.alignment)
    mean, std = (np.reshape(values, (1, 1, 3)) for values in
                 (predictor.image_processor.image_mean, predictor.image_processor.image_std))  # fmt: skip
    expected = ((np.asarray(crop) / 255 - mean) / std).transpose(2, 0, 1)
    assert seen[0].shape == (2, 3, 32, 32)
    assert seen[0].dtype == torch.float32
    assert np.allclose(seen[0][0].numpy(), expected, atol=1e-5)
    assert predictor.align(image, face).tobytes() == crop.tobytes()


def test_the_whole_image_is_one_face_through_the_fallback(predictor):
    image = noise(SIZE)
    prediction = predictor.predict(image, whole_image=True)
    (face,) = prediction.faces
    assert face.box == (0, 0, 200, 120)
    assert face.score is None
    assert face.landmarks is None
    assert prediction.rotation == 0
    assert predictor.detector.seen == []
    expected = align_face(image, None, 32, predictor.alignment)
    assert predictor.align(image, face).tobytes() == expected.tobytes()


def test_a_turned_photo_is_answered_in_its_turned_frame(predictor):
    image = noise((300, 100))
    predictor.detector.answers[300, 100] = (90, [detected_face(box=(10, 200, 90, 280))])
    prediction = predictor.predict(image)
    assert (prediction.width, prediction.height, prediction.rotation) == (100, 300, 90)
    assert prediction.faces[0].box == (10, 200, 90, 280)
    upright = noise((100, 300), seed=1)
    predictor.detector.answers[100, 300] = (0, [detected_face(box=(10, 200, 90, 280))])
    same = predictor.predict(rotate_image(image, 90))
    assert same.faces[0].age == pytest.approx(prediction.faces[0].age, abs=1e-4)
    assert predictor.predict(upright).faces[0].age != pytest.approx(prediction.faces[0].age, abs=1e-6)


def test_faces_come_left_to_right_by_the_box_that_is_reported(predictor):
    # Both centres are at x = 50 before rounding; after it the second is further left.
    found = [(90, 0, 98, 8), (40.6, 0, 59.6, 19), (40.4, 60, 59.6, 79.2)]
    predictor.detector.answers[100, 100] = (0, [detected_face(box=box) for box in found])
    boxes = [face.box for face in predictor.predict(noise((100, 100))).faces]
    assert boxes == sorted(boxes, key=lambda box: box[0] + box[2])
    assert boxes[-1] == (90, 0, 98, 8)


def test_photos_may_be_paths_images_and_arrays(predictor, tmp_path):
    image = noise(SIZE)
    image.save(tmp_path / "photo.png")
    by_path, by_text, by_image, by_array = predictor.predict_batch(
        [tmp_path / "photo.png", str(tmp_path / "photo.png"), image, np.asarray(image)]
    )
    assert [by_path.photo, by_text.photo, by_image.photo, by_array.photo] == [
        "photo.png",
        "photo.png",
        "image",
        "image",
    ]
    assert by_path.path == by_text.path == str(tmp_path / "photo.png")
    assert by_image.path is by_array.path is None
    assert by_path.faces == by_text.faces
    assert len({prediction.faces[0].box for prediction in (by_path, by_image, by_array)}) == 1


def test_from_pretrained_is_what_the_package_exports(tiny_model_folder):
    predictor = gender_age.GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    assert isinstance(predictor, GenderAgePredictor)
    assert not predictor.model.training
    assert predictor.face_size == 32
    assert predictor.alignment == alignment_of(predictor.image_processor)
    with pytest.raises(AttributeError, match="no attribute 'Predictor'"):
        _ = gender_age.Predictor


def test_real_faces_come_out_of_the_example_group(tiny_model_folder):
    predictor = GenderAgePredictor.from_pretrained(tiny_model_folder, device="cpu")
    prediction = predictor.predict(REPOSITORY / "examples" / "group.jpg")
    centres = [face.box[0] + face.box[2] for face in prediction.faces]
    assert len(centres) == 3
    assert centres == sorted(centres)
    assert all(isinstance(value, int) for face in prediction.faces for value in face.box)


def test_a_cameras_picture_is_searched_upright_for_near_faces(predictor):
    frame = noise(SIZE)
    prediction = predictor.predict_frame(frame)
    assert predictor.detector.seen == [(SIZE, LIVE_FACE_SHARE)]
    assert prediction == predictor.predict(frame)


def test_faces_of_lower_scores_are_left_out(predictor):
    found = [detected_face(box=(0, 0, 40, 40), score=0.7), detected_face(box=(50, 0, 90, 40), score=0.95)]
    predictor.detector.answers[100, 100] = (0, found)
    image = noise((100, 100))
    for min_score, scores in ((None, [0.7, 0.95]), (0, [0.7, 0.95]), (0.7, [0.7, 0.95]), (0.8, [0.95]), (1, [])):
        assert [face.score for face in predictor.predict(image, min_score=min_score).faces] == scores
        (many,) = predictor.predict_batch([image], False, min_score)
        assert [face.score for face in many.faces] == scores
        (streamed,) = predictor.iter_predict([image], min_score=min_score, workers=2)
        assert streamed == many
    assert len(predictor.predict(image, whole_image=True, min_score=1.0).faces) == 1


@pytest.mark.parametrize("min_score", [-0.01, 1.01, float("nan"), float("inf"), "0.5", True, [0.5]])
def test_what_is_no_score_is_refused_at_the_call(predictor, min_score):
    for call in (
        lambda: predictor.predict(noise(SIZE), min_score=min_score),
        lambda: predictor.predict_batch([], min_score=min_score),
        lambda: predictor.iter_predict([], min_score=min_score),
    ):
        with pytest.raises(ValueError, match="min_score is .*; it must be a number from 0 to 1, or None"):
            call()
    assert predictor.detector.seen == []


def test_numbers_of_every_kind_are_scores(predictor):
    for min_score in (0, 1, np.float32(0.5), np.int64(1), 0.999):
        assert predictor.predict(noise(BLANK), min_score=min_score).faces == ()


def test_a_crowd_is_answered_without_mirror_images(predictor):
    predictor.model.config.average_mirrored = True
    few = [detected_face(box=(x, 30, x + 60, 90)) for x in range(CROWD)]
    many = [*few, detected_face(box=(110, 20, 170, 70))]
    small, large = noise((SIZE[0] + 1, SIZE[1])), noise(SIZE)
    predictor.detector = FakeDetector({small.size: (0, few), large.size: (0, many)})
    group, crowd = predictor.predict_batch([small, large], batch_size=8)
    assert (len(group.faces), len(crowd.faces)) == (CROWD, CROWD + 1)
    predictor.model.config.average_mirrored = False
    assert crowd.faces == predictor.predict(large).faces
    assert group.faces[0].age != predictor.predict(small).faces[0].age
