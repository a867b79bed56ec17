"""Numbers that stay and answers that do not flicker."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from gender_age.prediction import GenderAgePredictor
from gender_age.results import PhotoPrediction
from gender_age.tracking import ANSWER_S, KEPT_S, SHOWN_S, DecayedMean, FaceTracker, FrameRate, camera_box, match_score
from gender_age.turning import rotate_image
from tests import fakes
from tests.conftest import REPOSITORY


def face(x, y=100, side=80, age=40.0, gender="female", probability=0.9):
    return fakes.face(
        box=(x, y, x + side, y + side),
        gender=gender,
        gender_probability=probability,
        uncertain=probability < 0.75,
        age=age,
        age_interval=(age - 8, age + 9),
    )


def frame(*faces):
    return fakes.photo(width=640, height=480, faces=faces)


def numbers(shown):
    return [one.number for one in shown]


@pytest.fixture
def tracker():
    return FaceTracker(uncertain_below=0.75)


def test_no_face_is_an_empty_list(tracker):
    assert tracker.update(frame(), 0.0) == []
    assert tracker.update(PhotoPrediction.unusable("image", "damaged"), 0.1) == []


def test_a_new_face_is_shown_as_it_is(tracker):
    (shown,) = tracker.update(frame(face(100, age=30.0, gender="male", probability=0.8)), 5.0)
    assert shown.number == 1
    assert shown.box == pytest.approx((100, 100, 180, 180))
    assert shown.age == pytest.approx(30)
    assert shown.age_interval == pytest.approx((22, 39))
    assert shown.age_interval_level == 0.8
    assert (shown.gender, shown.uncertain) == ("male", False)
    assert shown.gender_probability == pytest.approx(0.8)


def test_numbers_follow_the_faces_and_not_their_order(tracker):
    """One walks from left to right past another: the detector's order changes, the numbers do not."""
    tracker.update(frame(face(20, y=150), face(300, y=200, age=70)), 0.0)
    for step in range(1, 30):
        walker, standing = face(20 + 20 * step, y=150), face(300, y=200, age=70)
        by_centre = sorted((walker, standing), key=lambda one: one.box[0])
        shown = tracker.update(frame(*by_centre), step / 10)
        assert numbers(shown) == [1, 2]
        assert shown[0].age == pytest.approx(40)
        assert shown[1].age == pytest.approx(70)


def test_a_short_gap_keeps_the_number_and_the_answer(tracker):
    tracker.update(frame(face(100, age=30), face(400, age=60)), 0.0)
    assert numbers(tracker.update(frame(face(400, age=60)), SHOWN_S / 2)) == [1, 2], "a missed frame flickers"
    assert numbers(tracker.update(frame(face(400, age=60)), SHOWN_S + 0.1)) == [2]
    shown = tracker.update(frame(face(110, age=40), face(400, age=60)), KEPT_S - 0.1)
    assert numbers(shown) == [1, 2]
    assert 30 < shown[0].age < 40


def test_the_number_of_who_has_left_is_free_again(tracker):
    tracker.update(frame(face(100), face(400)), 0.0)
    for time_s in (0.5, 1.0, 1.5):
        tracker.update(frame(face(400)), time_s)
    shown = tracker.update(frame(face(100), face(250), face(400)), 1.6)
    assert {one.number: round(one.box[0]) for one in shown} == {1: 100, 2: 400, 3: 250}


def test_slow_frames_are_still_one_track(tracker):
    tracker.update(frame(face(100, age=30)), 0.0)
    (shown,) = tracker.update(frame(face(110, age=40)), 2 * KEPT_S)
    assert shown.number == 1
    assert 30 < shown.age < 40


@pytest.mark.parametrize("rate", [5, 10, 30])
def test_the_answer_follows_at_one_speed_whatever_the_frame_rate(tracker, rate):
    """5 s at 20 years, then 2.5 s at 60: what is left of the 20 years is their share of the decayed weights."""
    for step in range(5 * rate):
        tracker.update(frame(face(100, age=20)), step / rate)
    for step in range(5 * rate, round(7.5 * rate)):
        (shown,) = tracker.update(frame(face(100, age=60)), step / rate)
    after, whole = math.exp(-2.5 / ANSWER_S), math.exp(-7.5 / ANSWER_S)
    assert shown.age == pytest.approx(60 - 40 * (after - whole) / (1 - whole), abs=1.5)


def test_the_box_follows_quickly_and_is_steadied(tracker):
    generator = np.random.default_rng(0)
    wanted, seen = [], []
    for step in range(40):
        jitter = generator.normal(0, 3)
        (shown,) = tracker.update(frame(face(100 + jitter)), step / 10)
        wanted.append(100 + jitter)
        seen.append(shown.box[0])
    assert np.std(seen[10:]) < 0.7 * np.std(wanted[10:])
    for step in range(40, 50):
        (shown,) = tracker.update(frame(face(140)), step / 10)
    assert shown.box[0] == pytest.approx(140, abs=1), "a second later it is not where the face is"


def test_genders_that_contradict_each_other_are_uncertain(tracker):
    for step in range(20):
        one = face(100, gender="female" if step % 2 else "male", probability=0.95)
        (shown,) = tracker.update(frame(one), step / 10)
    assert shown.uncertain
    assert 0.5 <= shown.gender_probability < 0.75


def test_a_single_wrong_frame_does_not_turn_the_gender(tracker):
    for step in range(20):
        one = face(100, gender="male" if step == 12 else "female", probability=1.0 if step == 12 else 0.9)
        (shown,) = tracker.update(frame(one), step / 10)
    assert (shown.gender, shown.uncertain) == ("female", False)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ((0, 0, 100, 100), True),
        ((70, 0, 170, 100), True),
        ((200, 0, 300, 100), False),
        ((0, 0, 300, 300), False),
        ((45, 45, 55, 55), False),
        ((0, 0, 0, 0), False),
    ],
    ids=["the same", "moved fast", "beside", "three times as large", "a part of it", "empty"],
)
def test_what_may_be_one_face(other, alike):
    value = match_score((0.0, 0.0, 100.0, 100.0), other)
    assert value == match_score(other, (0.0, 0.0, 100.0, 100.0))
    assert (value > 0) is alike


def test_a_decayed_mean_is_plain_at_first_and_forgets_later():
    mean = DecayedMean(1.0)
    assert [mean.add(np.array(sample), 0.0).item() for sample in (1.0, 3.0, 5.0)] == [1, 2, 3]
    weight = 3 * math.exp(-2)
    assert mean.add(np.array(7.0), 2.0).item() == pytest.approx((3 * weight + 7) / (weight + 1))


def test_the_frame_rate_is_that_of_the_last_two_seconds():
    rate = FrameRate()
    assert (rate.per_second, rate.last_s) == (None, None)
    rate.add(1.0)
    assert (rate.per_second, rate.last_s) == (None, 1.0)
    for step in range(1, 30):
        rate.add(1 + step / 10)
    assert rate.per_second == pytest.approx(10)
    for step in range(1, 30):
        rate.add(3.9 + step / 4)
    assert rate.per_second == pytest.approx(4)
    rate.add(rate.last_s + 5)
    assert rate.per_second == pytest.approx(1 / 5, abs=0.2)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_of_a_turned_frame_are_turned_back(rotation):
    picture = Image.new("L", (64, 48))
    picture.paste(255, (10, 5, 30, 12))
    turned = rotate_image(picture, rotation)
    prediction = fakes.photo(width=turned.width, height=turned.height, rotation=rotation)
    assert camera_box(turned.getbbox(), prediction) == (10, 5, 30, 12)


def test_a_still_clip_of_three_people_stands_still():
    """The real model on a photo as a camera sees it: noise, compression, a trembling hand; 10 frames a second."""
    photo = Image.open(REPOSITORY / "examples" / "group.jpg").convert("RGB")
    photo.thumbnail((480, 480))
    pixels = np.asarray(photo).astype(np.float32)
    generator = np.random.default_rng(0)
    predictor = GenderAgePredictor.from_pretrained()
    tracker = FaceTracker(predictor.model.config.gender_uncertain_below)
    shown, raw = [], []
    for step in range(24):
        moved = np.roll(pixels, generator.integers(-1, 2, 2), axis=(0, 1))
        noisy = (moved + generator.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noisy).save(stream, "JPEG", quality=85)
        prediction = predictor.predict(Image.open(stream))
        shown.append(tracker.update(prediction, step / 10))
        raw.append([one.age for one in prediction.faces])
    assert [numbers(faces) for faces in shown] == [[1, 2, 3]] * len(shown)
    centres = np.array([[(one.box[0] + one.box[2]) / 2 for one in faces] for faces in shown])
    assert np.ptp(centres, axis=0).max() < 12, "a number went over to another face"
    ages = np.array([[one.age for one in faces] for faces in shown])[10:]
    assert ages.std(axis=0).max() <= 0.5
    assert ages.std(axis=0).mean() < np.std(raw[10:], axis=0).mean(), "smoothing did nothing"
