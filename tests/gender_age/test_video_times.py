"""Times of clips: a long last frame, pictures that begin late, an end that is missing, and the annotated copy's."""

import struct

import numpy as np
import pytest

from gender_age import video_reader, video_times
from gender_age.errors import VideoError
from gender_age.video import follow
from gender_age.video_annotation import annotate
from gender_age.video_reader import VideoReader
from gender_age.video_results import VideoPrediction
from tests import fakes

from .clips import Actor, still, write_clip

TIMES = [0.0, 0.2, 0.4, 0.6, 0.8]
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}
LISTED_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof+global_sidx"}
FASTSTART = {"movflags": "faststart"}
LIVE = {"live": "1"}
"""Without a duration, and without lengths of what holds the frames."""
CODECS = {
    ".avi": "mpeg4",
    ".wmv": "wmv2",
    ".webm": "libvpx",
    ".mp4": "libx264",
    ".mkv": "mpeg4",
    ".flv": "flv1",
    ".ts": "libx264",
}
NOISE = [Actor(fakes.noise((64, 48)), still(0.5, height=1.0))]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Starting a worker takes longer than all else here."""
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)


def clip(path, **values):
    """A small clip of five frames in a second."""
    values |= {"codec": CODECS[path.suffix], "size_wh": (64, 48), "max_b_frames": 0}
    return write_clip(path, NOISE, seconds=1, rate=5, **values)


def read(path):
    """Times of all frames, the clip's duration, and whether it is damaged."""
    with VideoReader(path, 0) as reader:
        times = [frame.time_s for frame in reader]
    return times, reader.duration_s, reader.is_damaged


def prediction_of(path):
    """That of a video without faces."""
    predictions = []

    def whole():
        predictions.append((yield from follow(None, path, sight=lambda frame: [])))

    assert list(whole())
    return predictions[0]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {}),
        ("a.mp4", FRAGMENTED),
        ("a.mkv", {}),
        ("a.webm", {}),
        ("a.webm", LIVE),
        ("a.avi", {}),
        ("a.wmv", {}),
        ("a.flv", {}),
    ],
)
def test_a_long_last_frame_is_no_missing_end(tmp_path, name, options):
    times, duration_s, is_damaged = read(clip(tmp_path / name, last_s=4.0, container_options=options))
    assert times == pytest.approx(TIMES, abs=0.002)
    assert duration_s == pytest.approx(4.8, abs=0.05)
    assert not is_damaged


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.wmv"])
def test_pictures_that_begin_after_the_sound(tmp_path, name):
    times, duration_s, is_damaged = read(clip(tmp_path / name, times_s=[3 + each for each in TIMES], with_audio=True))
    assert times == pytest.approx([3 + each for each in TIMES], abs=0.07), "a player's clock begins with the sound"
    assert duration_s == pytest.approx(4.0, abs=0.25)
    assert not is_damaged


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_a_clock_that_begins_late_for_all_streams(tmp_path, name):
    times, duration_s, is_damaged = read(clip(tmp_path / name, times_s=[3 + each for each in TIMES], last_s=0.2))
    assert duration_s - times[-1] == pytest.approx(0.2, abs=0.02)
    assert times[-1] - times[0] == pytest.approx(0.8, abs=0.002)
    assert not is_damaged


def declare(path, seconds):
    """Changes the length that a file's headers tell, and nothing else."""
    data = path.read_bytes()
    if path.suffix in (".mkv", ".webm"):
        place = data.index(b"\x44\x89\x88") + 3
        data = data[:place] + struct.pack(">d", seconds * 1000) + data[place + 8 :]
        text = f"{int(seconds // 3600):02}:{int(seconds // 60 % 60):02}:{seconds % 60:012.9f}".encode()
        data = data.replace(b"00:00:01.000000000", text)
    elif path.suffix == ".avi":
        place = data.index(b"vids") + 32
        data = data[:place] + struct.pack("<I", round(seconds * 5)) + data[place + 4 :]
    else:
        for name in (b"mvhd", b"mdhd"):
            place = data.index(name) + 20
            timescale = struct.unpack(">I", data[place - 4 : place])[0]
            ticks = struct.pack(">I", round(seconds * timescale))
            data = data[:place] + ticks + data[place + 4 :]
    path.write_bytes(data)


@pytest.mark.parametrize("seconds", [0.4, 36_000.0])
@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.avi", "a.mp4"])
def test_what_is_there_counts_and_not_the_length_that_is_declared(tmp_path, name, seconds):
    path, copy = clip(tmp_path / name), tmp_path / "copy.mp4"
    declare(path, seconds)
    with VideoReader(path, 0) as reader:
        frames = iter(reader)
        next(frames)
        assert reader.duration_s == pytest.approx(1.0, abs=0.01), "from the first frame on"
        assert 1 + sum(1 for _ in frames) == 5
    assert reader.duration_s == pytest.approx(1.0, abs=0.01)
    assert not reader.is_damaged
    next(follow(None, path, longest_s=1.0, sight=lambda frame: []))
    for _ in annotate(path, VideoPrediction(video=name), copy):
        pass
    assert read(copy)[1] == pytest.approx(1.0, abs=0.01)


def test_a_film_whose_packets_take_too_long_to_read_has_its_declared_length(tmp_path, monkeypatch):
    monkeypatch.setattr(video_times, "MEASURING_S", -1.0)
    path = clip(tmp_path / "a.mkv")
    declare(path, 36_000.0)
    with VideoReader(path, 0) as reader:
        next(iter(reader))
        assert reader.duration_s == 36_000.0
    assert read(path)[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", FASTSTART),
        ("a.mp4", FRAGMENTED),
        ("a.mkv", {}),
        ("a.webm", LIVE),
        ("a.avi", {}),
        ("a.wmv", {}),
        ("a.flv", {}),
    ],
)
def test_a_second_that_is_cut_at_its_end_is_damaged(tmp_path, name, options):
    """However little is missing: it is the file that ends too early."""
    path = clip(tmp_path / name, gop_size=1, container_options=options)
    data = path.read_bytes()
    end = data.rindex(data[-1:]) if name == "a.webm" else len(data) * 9 // 10
    path.write_bytes(data[:end])
    times, _, is_damaged = read(path)
    assert 3 <= len(times) <= 5
    assert is_damaged


def test_a_clip_that_says_how_long_it_is_but_was_cut_between_two_frames(tmp_path):
    path = clip(tmp_path / "a.mp4", times_s=[0, 1, 2, 3, 4, 8], gop_size=1, container_options=LISTED_FRAGMENTS)
    assert not read(path)[2]
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moof", 0, data.rindex(b"moof")) - 4])
    times, duration_s, is_damaged = read(path)
    assert (times[-1], duration_s, is_damaged) == (3.0, pytest.approx(8.2), True)


def test_an_flv_that_was_cut_between_two_frames(tmp_path):
    path = clip(tmp_path / "a.flv")
    data = path.read_bytes()
    path.write_bytes(data[: -4 - int.from_bytes(data[-4:], "big")])
    assert read(path) == (pytest.approx(TIMES[:-1]), 1.0, True)


def test_an_flv_without_a_length(tmp_path):
    """FFmpeg takes the time of the last tag for it, at which a picture begins."""
    path = clip(tmp_path / "a.flv", container_options={"flvflags": "no_duration_filesize"})
    assert read(path) == (pytest.approx(TIMES), pytest.approx(1.0), False)


@pytest.mark.parametrize("limits", [True, False])
def test_times_have_microseconds(tmp_path, monkeypatch, limits):
    monkeypatch.setattr(video_reader, "has_limits", lambda: limits)
    first, *others = (fakes.noise((64, 48), seed) for seed in range(4))
    first.save(tmp_path / "a.gif", save_all=True, append_images=others, duration=100)
    assert read(tmp_path / "a.gif") == ([0.0, 0.1, 0.2, 0.3], 0.4, False)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.avi", "a.wmv", "a.flv"])
def test_what_was_put_behind_a_file_is_no_damage(tmp_path, name):
    path = clip(tmp_path / name)
    path.write_bytes(path.read_bytes() + np.random.default_rng(1).bytes(7000))
    times, duration_s, is_damaged = read(path)
    assert times == pytest.approx(TIMES, abs=0.002)
    assert duration_s == pytest.approx(1.0, abs=0.01)
    assert not is_damaged


def test_what_is_missing_is_said_with_an_end_only_where_one_was_declared(tmp_path):
    path = clip(tmp_path / "a.webm", gop_size=1, container_options=LIVE)
    path.write_bytes(path.read_bytes()[:-1])
    assert prediction_of(path).error.endswith("from what could be read, up to second 0.6.")


def test_a_limit_has_some_grace_for_the_last_frame(tmp_path):
    path = clip(tmp_path / "a.mp4")
    next(follow(None, path, longest_s=0.85, sight=lambda frame: []))
    with pytest.raises(VideoError, match="the limit is 0.75 seconds"):
        next(follow(None, path, longest_s=0.75, sight=lambda frame: []))


@pytest.mark.parametrize(("times", "last_s"), [(TIMES, 3.0), ([0.0], 2.0), ([2.0, 2.2], 0.2), (TIMES, 8 * 3600.0)])
def test_the_annotated_copy_lasts_as_long_as_the_clip(tmp_path, times, last_s):
    path, copy = clip(tmp_path / "a.mkv", times_s=times, last_s=last_s, with_audio=True), tmp_path / "copy.mp4"
    frames = [reader.last_s for reader in annotate(path, VideoPrediction(video="a.mkv"), copy)]
    found, duration_s, is_damaged = read(copy)
    assert found == pytest.approx([0.0, *frames[1:]], abs=0.002), "the first picture is there from the start"
    assert duration_s == pytest.approx(min(frames[-1] + last_s, 6 * 3600.0 + frames[-1]), abs=0.1)
    assert not is_damaged


def test_the_copy_of_a_damaged_clip_ends_with_what_could_be_read(tmp_path):
    path, copy = clip(tmp_path / "a.mp4", container_options=FASTSTART, last_s=9.0), tmp_path / "copy.mp4"
    path.write_bytes(path.read_bytes()[:-10])
    for _ in annotate(path, VideoPrediction(video="a.mp4"), copy):
        pass
    assert read(copy)[1] < 2
