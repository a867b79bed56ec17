"""Which frames of a clip are taken, by clocks that count milliseconds as by exact ones."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from gender_age import video_reader
from gender_age.video_annotation import FASTEST_S, annotate
from gender_age.video_clip import Clip
from gender_age.video_reader import VideoReader
from gender_age.video_results import VideoPrediction
from tests import fakes

from .clips import Actor, still, write_clip

CODECS = {".mkv": "mpeg4", ".webm": "libvpx", ".flv": "flv1"}
NTSC = Fraction(1000, 1001)
CLOCKS = {"exact": float, "rounded": lambda t: round(t * 1000) / 1000, "cut": lambda t: int(t * 1000) / 1000}
NOISE = [Actor(fakes.noise((64, 48)), still(0.5, height=1.0))]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Starting a worker takes longer than all else here."""
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)


class Ticking(Clip):
    """Frames of a regular rate, without pixels."""

    def __init__(self, rate, clock, seconds):
        self._times = [CLOCKS[clock](number / Fraction(rate)) for number in range(round(rate * seconds))]

    def _decoded(self):
        return ((time_s, None) for time_s in self._times)

    def _pixels(self, frame):
        return np.zeros((1, 1, 4), np.uint8)


def taken(every_s, rate, clock, seconds=100):
    return [time_s for time_s, _ in Ticking(rate, clock, seconds).frames(every_s)]


def times_of(path, every_s):
    with VideoReader(path, every_s) as reader:
        return [frame.time_s for frame in reader]


def clip(path, rate):
    return write_clip(path, NOISE, seconds=1, rate=rate, codec=CODECS[path.suffix], size_wh=(64, 48), max_b_frames=0)


@pytest.mark.parametrize("suffix", CODECS)
def test_the_annotated_copy_has_every_frame_of_30_a_second(tmp_path, suffix):
    path, out = clip(tmp_path / f"a{suffix}", 30), tmp_path / "out.mp4"
    assert len(times_of(path, FASTEST_S)) == 30
    for _ in annotate(path, VideoPrediction(video="a", duration=1.0), out):
        pass
    assert len(times_of(out, 0)) == 30


def test_of_60_frames_a_second_every_second_one_is_taken(tmp_path):
    times = times_of(clip(tmp_path / "a.mkv", 60), FASTEST_S)
    assert len(times) == 30
    assert {round(later - earlier, 3) for earlier, later in itertools.pairwise(times)} == {0.033, 0.034}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("rate", [30 * NTSC, 30])
def test_no_frame_of_a_long_clip_is_left_out(rate, clock):
    """At 29.97 a second, frames pass the bounds of the grid after half a minute."""
    assert len(taken(FASTEST_S, rate, clock)) == round(100 * rate)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("rate", [10, 12, 15, 24 * NTSC, 24, 25, 30 * NTSC, 30, 48, 50, 60 * NTSC, 60, 120, 240])
def test_samples_are_the_first_frame_of_every_fifth_of_a_second(rate, clock):
    cells = {}
    for time_s, _ in Ticking(rate, clock, 100).frames(0):
        cells.setdefault(math.floor((time_s + 1e-4) / 0.2), time_s)
    assert taken(0.2, rate, clock) == list(cells.values())
