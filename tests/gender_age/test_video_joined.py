"""Recordings that were joined end to end: read as one where FFmpeg does, else said to go on."""

import pytest

from gender_age import video_reader
from gender_age.video_reader import VideoReader

from .clips import write_clip
from .test_video_times import CODECS, FRAGMENTED, NOISE, prediction_of


def joined(path, **values):
    """A small clip of five frames in a second, twice."""
    values = {"seconds": 1, "rate": 5, "codec": CODECS[path.suffix], "size_wh": (64, 48), "max_b_frames": 0} | values
    write_clip(path, NOISE, **values)
    path.write_bytes(2 * path.read_bytes())
    return path


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.ts", "a.avi"])
def test_they_have_the_length_of_both_and_nothing_is_said(tmp_path, monkeypatch, name):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    path = joined(tmp_path / name)
    with VideoReader(path, 0) as reader:
        lengths = [reader.duration_s for _ in reader]
    assert [*lengths, reader.duration_s] == pytest.approx([2.0] * 11, abs=0.01)
    assert prediction_of(path).error is None


@pytest.mark.parametrize("limits", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "values", "end_s"),
    [
        ("a.mp4", {}, 1.0),
        ("a.mp4", {"container_options": FRAGMENTED}, 1.0),
        ("a.wmv", {}, 1.0),
        ("a.flv", {}, 1.0),
        # Of some AVIs with sound, FFmpeg reads the first alone.
        ("a.avi", {"seconds": 3, "with_audio": True}, 3.2),
    ],
)
def test_one_that_is_not_read_is_told(tmp_path, monkeypatch, name, values, end_s, limits):
    monkeypatch.setattr(video_reader, "has_limits", lambda: limits)
    prediction = prediction_of(joined(tmp_path / name, **values))
    assert prediction.duration == pytest.approx(end_s, abs=0.01)
    assert f"goes on with another recording: the answers are from the first, up to second {end_s}." in prediction.error
