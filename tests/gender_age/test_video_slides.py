"""Slide shows: a frame that is shown for seconds counts as the sampled frames that it stands for."""

from types import SimpleNamespace

import numpy as np
import pytest

from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.video import follow
from gender_age.video_tracks import Sighting, look_of
from tests import fakes

from .clips import Actor, write_clip

PREDICTOR = SimpleNamespace(model=SimpleNamespace(config=GenderAgeConfig()))


def sight(frame):
    """The picture, where it is more than the plain background."""
    crop = frame.image_rgb.resize((64, 64))
    if np.asarray(crop).std() < 10:
        return []
    return [
        Sighting(
            time_s=frame.time_s,
            box=(0, 0, 64, 64),
            score=0.9,
            weight=0.9,
            look=look_of(crop),
            crop=crop,
            gender_probabilities=np.array([0.9, 0.1], np.float32),
            age_probabilities=np.full(101, 1 / 101, np.float32),
        )
    ]


def seen_in(path):
    """First, last and frames of each person."""
    progress = follow(PREDICTOR, path, sight=sight)
    while True:
        try:
            next(progress)
        except StopIteration as end:
            return [(person.first, person.last, person.frames) for person in end.value.people]


def between(start_s, end_s, seed):
    """An actor who fills the frame for a time, in blocks that a codec keeps."""
    picture = fakes.noise((8, 6), seed)
    return Actor(picture, lambda time_s: (0.5, 0.5, 1.0) if start_s <= time_s + 1e-6 < end_s else None)


def test_everybody_of_a_slide_show_comes_out(tmp_path):
    starts_s = [0, 3, 6, 9, 12]
    actors = [between(start_s, start_s + 3, seed) for seed, start_s in enumerate(starts_s)]
    path = write_clip(tmp_path / "a.mp4", actors, times_s=starts_s, last_s=3, size_wh=(64, 48), max_b_frames=0)
    assert seen_in(path) == [(start_s, pytest.approx(start_s + 2.8), 1) for start_s in starts_s]


def test_one_frame_of_many_is_nobody(tmp_path):
    path = write_clip(tmp_path / "a.mp4", [between(1, 1.03, 0)], seconds=2, rate=30, size_wh=(64, 48))
    assert seen_in(path) == []
    path = write_clip(tmp_path / "b.mp4", [between(1, 1.6, 0)], seconds=2, rate=30, size_wh=(64, 48))
    assert seen_in(path) == [(1.0, 1.4, 3)]
