"""People of a video: each once, whatever they do, with an answer from all of their frames."""

import io
import itertools
import math
import resource
import time

import numpy as np
import pytest
from PIL import Image, ImageOps

from gender_age.errors import VideoError
from gender_age.prediction import GenderAgePredictor
from gender_age.video import follow, predict_video, sightings, video_or_error
from gender_age.video_annotation import annotate, box_at
from gender_age.video_reader import Frame, VideoReader
from gender_age.video_results import VideoPrediction
from gender_age.video_tracks import Sighting, VideoTracker, look_of
from gender_age.video_writers import PEOPLE_COLUMNS, MixedTextWriter, frame_rows, people_rows, people_table
from tests import fakes

from .clips import SIZE_WH, Actor, moving, portrait, still, write_clip

HOPPER, COLLINS = portrait("hopper.jpg"), portrait("collins.jpg")


@pytest.fixture(scope="module")
def predictor():
    return GenderAgePredictor.from_pretrained(device="cpu")


def test_every_second_frame_is_answered_as_its_mirror_image_and_the_first_two_as_both(predictor, monkeypatch):
    seen, logits = [], predictor.logits

    def noted(crops, mirrored):
        seen.append((*crops, mirrored))
        return logits(crops, mirrored=mirrored)

    monkeypatch.setattr(predictor, "logits", noted)
    for time_s in (0.0, 0.2, 0.4, 0.6):
        sightings(predictor, Frame(time_s, HOPPER))
    (first, *_), (second, _), (third, _), (fourth, _) = seen
    assert [both for *_, both in seen] == [True, True, False, False]
    assert fourth.tobytes() == ImageOps.mirror(first).tobytes() != first.tobytes()
    assert third.tobytes() == second.tobytes() == first.tobytes()


def centre(box):
    return (box[0] + box[2]) / 2


def sighting(time_s, x, look, side=100.0, weight=1.0):
    probabilities = np.full(2, 0.5, np.float32), np.full(101, 1 / 101, np.float32)
    crop = Image.new("RGB", (8, 8), (int(weight * 100), 0, 0))
    return Sighting(time_s, (x, 0, x + side, side), 0.9, weight, look, crop, *probabilities)


def looks(number):
    """Faces of different people."""
    return [look_of(fakes.noise((32, 32), seed)) for seed in range(number)]


def follow_all(frames):
    tracker = VideoTracker()
    for faces in frames:
        tracker.add(faces)
    return tracker.people()


def test_nobody():
    assert follow_all([]) == follow_all([[], []]) == []


def test_two_people_who_cross_keep_their_faces():
    a, b = looks(2)
    frames = [[sighting(t / 5, 40 * t, a), sighting(t / 5, 800 - 40 * t, b)] for t in range(21)]
    people = follow_all(frames)
    assert [len(person.faces) for person in people] == [21, 21]
    assert all((face.look == own).all() for person, own in zip(people, (a, b), strict=True) for face in person.faces)


def test_somebody_who_comes_back_is_the_same_person():
    a, b = looks(2)
    there, away = [[sighting(t / 5, 100, a)] for t in range(5)], [[sighting(t / 5, 100, b)] for t in range(30, 35)]
    back = [[sighting(t / 5, 600, a)] for t in range(60, 65)]
    assert [len(person.faces) for person in follow_all(there + away + back)] == [10, 5]


def test_twins_in_one_frame_are_two():
    (a,) = looks(1)
    people = follow_all([[sighting(t / 5, 100, a), sighting(t / 5, 500, a)] for t in range(5)])
    assert [len(person.faces) for person in people] == [5, 5]


def test_a_cut_to_somebody_else_in_the_same_place_is_another_person():
    a, b = looks(2)
    assert len(follow_all([[sighting(t / 5, 100, a if t < 5 else b)] for t in range(10)])) == 2


def test_the_picture_is_that_of_the_largest_weight():
    (a,) = looks(1)
    (person,) = follow_all([[sighting(t / 5, 100, a, weight=weight)] for t, weight in enumerate((0.2, 0.9, 0.5))])
    assert person.crop.getpixel((0, 0)) == (90, 0, 0)


def test_many_tracks_are_linked_in_a_moment():
    people = looks(300)
    frames = [[sighting(t * 2.0, 100, people[t % 300])] for t in range(900)]
    assert [len(person.faces) for person in follow_all(frames)] == [3] * 300


def test_a_clip_of_two_people_who_cross_once(predictor, tmp_path):
    """Required: no identity switch, and ages that stay where they are."""
    front = Actor(COLLINS, lambda t: (0.85 - 0.7 * t / 5, 0.55, 0.8 + 0.05 * math.sin(3 * t)))
    path = write_clip(tmp_path / "a.mp4", [Actor(HOPPER, moving(0.15, 0.85, 5)), front], seconds=5, rate=10)
    prediction = predict_video(predictor, path)
    assert (prediction.width, prediction.height, prediction.error) == (*SIZE_WH, None)
    hopper, collins = prediction.people
    for person, sign, age in ((hopper, 1, 83), (collins, -1, 38)):
        assert person.first == 0.0
        assert person.last == pytest.approx(4.8)
        steps = [sign * (centre(b.box) - centre(a.box)) for a, b in itertools.pairwise(person.seen)]
        assert min(steps) > 0
        assert person.age == pytest.approx(age, abs=4)
        assert np.std([face.age for face in person.seen]) < 3
        assert person.age_interval[0] <= person.age <= person.age_interval[1]
    assert collins.frames == 25
    assert 15 <= hopper.frames < 25


def test_the_shown_age_does_not_depend_on_when_a_clip_ends(predictor, tmp_path):
    """Required: a standard deviation under 1 year, of a face that moves and grows."""
    actor = Actor(HOPPER, moving(0.3, 0.7, 4, heights=(0.5, 1.0)))
    path = write_clip(tmp_path / "a.mp4", [actor], seconds=4, rate=5)
    (person,) = predict_video(predictor, path).people
    weights = [face.score for face in person.seen]
    so_far = [np.average([f.age for f in person.seen[:n]], weights=weights[:n]) for n in range(3, 21)]
    assert np.std(so_far) < 1
    assert np.std([face.age for face in person.seen]) < 2


def test_nobody_in_a_video(predictor, tmp_path):
    prediction = predict_video(predictor, write_clip(tmp_path / "a.mp4", [], seconds=1, size_wh=(320, 180)))
    assert prediction.people == ()
    assert prediction.duration == pytest.approx(1.0)
    assert people_rows(prediction)[0][-1] == "no face found"


def test_one_frame_is_in_the_singular():
    out = io.StringIO()
    MixedTextWriter(out, ["a.mp4"]).add(VideoPrediction(video="a.mp4", people=(fakes.person(),)))
    assert "0.0-0.0 s, 1 frame  " in out.getvalue()


def test_the_json_and_the_rows(predictor, tmp_path):
    path = str(write_clip(tmp_path / "a.mp4", [Actor(HOPPER, still(0.5))], seconds=1, rate=5))
    prediction = predict_video(predictor, path)
    value = prediction.to_dict()
    assert list(value) == ["video", "path", "width", "height", "duration", "people", "error"]
    (person,) = value["people"]
    assert list(person) == [
        "first", "last", "frames", "gender", "gender_probability", "uncertain", "age", "age_interval",
        "age_interval_level",
    ]  # fmt: skip
    assert (value["video"], value["path"], person["frames"]) == ("a.mp4", path, 5)
    columns = "path person first last frames gender gender_probability uncertain age age_low age_high error"
    assert list(PEOPLE_COLUMNS) == columns.split()
    (row,) = people_rows(prediction)
    assert row == (path, 1, 0.0, person["last"], 5, *list(person.values())[3:7], *person["age_interval"], None)
    assert [each[1] for each in frame_rows(prediction)] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    unusable = video_or_error(predictor, tmp_path / "none.mp4")
    table = people_table([prediction, unusable])
    assert table.column_names == list(PEOPLE_COLUMNS)
    assert table["person"].to_pylist() == [1, None]
    assert "does not exist" in table["error"].to_pylist()[1]


def test_what_could_be_read_is_answered_and_said(predictor, tmp_path):
    actors, options = [Actor(HOPPER, still(0.5))], {"movflags": "faststart"}
    small = {"size_wh": (320, 180), "gop_size": 5}
    path = write_clip(tmp_path / "a.mp4", actors, seconds=6, rate=5, container_options=options, **small)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    prediction = video_or_error(predictor, path)
    (person,) = prediction.people
    assert 1 < person.last < 6
    assert "is damaged or cut short" in prediction.error
    assert f"up to second {person.last:.1f} of 6.0" in prediction.error


def test_a_video_that_is_too_long_is_refused_at_once(predictor, tmp_path):
    path = write_clip(tmp_path / "a.mp4", [], seconds=2)
    with pytest.raises(VideoError, match="too long: the limit is 1 second, "):
        next(follow(predictor, path, longest_s=1.0))


def test_the_annotated_copy_has_every_frame_with_its_boxes(predictor, tmp_path):
    actor = Actor(HOPPER, moving(0.3, 0.7, 2))
    path = write_clip(tmp_path / "a.mp4", [actor], seconds=2, rate=15, size_wh=(642, 362))
    prediction = predict_video(predictor, path)
    steps = sum(1 for _ in annotate(path, prediction, tmp_path / "copy.mp4", longest_side=320))
    with VideoReader(tmp_path / "copy.mp4", 0) as reader, VideoReader(path, 0) as original:
        frames, plain = list(reader), list(original)
    assert steps == len(frames) == len(plain) == 30
    assert reader.size_wh == (320, 180)
    assert [frame.time_s for frame in frames] == pytest.approx([frame.time_s for frame in plain], abs=0.01)
    (person,) = prediction.people
    for frame, before in zip(frames, plain, strict=True):
        x1, y1, x2, y2 = (value * 320 / 642 for value in box_at(person, frame.time_s))
        edge = np.asarray(frame.image_rgb).astype(int)[round(y1 + 8) : round(y2 - 8), round(x1)]
        wanted = np.asarray(before.image_rgb.resize((320, 180))).astype(int)[round(y1 + 8) : round(y2 - 8), round(x1)]
        assert np.abs(edge - wanted).mean() > 10


def test_a_box_moves_evenly_between_two_frames_and_ends_with_the_last():
    seen = [fakes.seen_face(time=time, box=(x, 0, x + 10, 10)) for time, x in ((1.0, 0), (1.2, 20), (5.0, 100))]
    person = fakes.person(seen=tuple(seen))
    assert box_at(person, 0.9) is None
    assert box_at(person, 1.1) == pytest.approx((10, 0, 20, 10))
    assert box_at(person, 1.3) == (20, 0, 30, 10)
    assert box_at(person, 3.0) is None
    assert box_at(person, 5.1) == (100, 0, 110, 10)


@pytest.mark.slow
def test_thirty_seconds_of_two_people_take_less_than_forty_seconds_of_processor_time(predictor, tmp_path):
    """Required: 20 s on two cores."""
    actors = [Actor(HOPPER, moving(0.15, 0.85, 30)), Actor(COLLINS, moving(0.85, 0.15, 30, 0.55))]
    path = write_clip(tmp_path / "a.mp4", actors, seconds=30, rate=30, size_wh=(1280, 720))
    begun, children = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    prediction = predict_video(predictor, path)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers_s = used.ru_utime + used.ru_stime - children.ru_utime - children.ru_stime
    assert len(prediction.people) == 2
    assert time.process_time() - begun + workers_s < 40
