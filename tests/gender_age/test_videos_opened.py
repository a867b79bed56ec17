"""Clips of every kind are opened: frames at the right times, upright, in the right colours; or a sentence."""

import logging
import sys
import time

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from gender_age import video_reader, worker_process
from gender_age.errors import VideoError
from gender_age.video_formats import is_video
from gender_age.video_reader import VideoReader

from .clips import Actor, frame_at, portrait, still, write_clip

LEFT = [Actor(Image.new("RGB", (80, 80), (200, 40, 40)), still(0.2, 0.3, 0.4))]
"""A red square in the upper left."""


def read(path, every_s=0.0):
    with VideoReader(path, every_s) as reader:
        frames = list(reader)
    return frames, reader


def red_centre(image_rgb):
    """Where the red square is, in shares of the picture."""
    pixels = np.asarray(image_rgb).astype(int)
    rows, columns = np.nonzero(pixels[..., 0] - pixels[..., 1] > 80)
    return round(columns.mean() / image_rgb.width, 1), round(rows.mean() / image_rgb.height, 1)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp4", "libx264", 10),
        ("a.mov", "libx265", 10),
        ("a.mkv", "libx264", 10),
        ("a.webm", "libvpx-vp9", 10),
        ("a.avi", "mpeg4", 10),
        ("a.ts", "libx264", 10),
        ("a.mpg", "mpeg2video", 25),
    ],
)
def test_containers_and_codecs(tmp_path, name, codec, rate):
    path = write_clip(tmp_path / name, LEFT, seconds=1, rate=rate, codec=codec, size_wh=(320, 180))
    assert is_video(path)
    frames, reader = read(path, 0.2)
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.05)
    assert frames[0].image_rgb.size == reader.size_wh == (320, 180)
    assert red_centre(frames[0].image_rgb) == (0.2, 0.3)
    assert not reader.is_damaged


def test_all_frames_are_given_and_sound_is_ignored(tmp_path):
    frames, reader = read(write_clip(tmp_path / "a.mp4", LEFT, seconds=1, with_audio=True))
    assert len(frames) == 10
    assert reader.duration_s == pytest.approx(1.0)


def test_sampling_goes_by_timestamps(tmp_path):
    times = [0, 0.05, 0.3, 0.31, 0.32, 0.9, 1.5, 1.95, 2.6]
    path = write_clip(tmp_path / "a.mp4", LEFT, times_s=times)
    assert [frame.time_s for frame in read(path)[0]] == pytest.approx(times, abs=1e-3)
    assert [frame.time_s for frame in read(path, 0.2)[0]] == pytest.approx([0, 0.3, 0.9, 1.5, 1.95, 2.6], abs=1e-3)


@pytest.mark.parametrize(("rotation", "centre"), [(90, (0.3, 0.8)), (180, (0.8, 0.7)), (270, (0.7, 0.2))])
def test_rotation_metadata_is_applied(tmp_path, rotation, centre):
    frames, reader = read(write_clip(tmp_path / "a.mp4", LEFT, seconds=0.3, rotation=rotation))
    assert reader.size_wh == ((640, 360) if rotation == 180 else (360, 640))
    assert red_centre(frames[0].image_rgb) == centre


COVER, DEFAULT, NEITHER = Disposition.attached_pic, Disposition.default, Disposition(0)


@pytest.mark.parametrize(
    ("name", "streams", "shown"),
    [
        ("a.mkv", [(64, NEITHER), (48, DEFAULT)], 48),
        ("a.mkv", [(48, NEITHER), (64, NEITHER)], 64),
        ("a.mkv", [(48, DEFAULT), (64, DEFAULT), (32, DEFAULT)], 64),
        ("a.mp4", [(64, COVER), (48, NEITHER)], 48),
    ],
)
def test_of_several_streams_the_one_that_a_player_shows_is_read(tmp_path, monkeypatch, name, streams, shown):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    with av.open(str(tmp_path / name), "w", options={"default_mode": "passthrough"}) as container:
        packets = []
        for width, disposition in streams:
            stream = container.add_stream("mjpeg", rate=5)
            stream.width, stream.height, stream.pix_fmt, stream.disposition = width, 32, "yuvj420p", disposition
            packets += stream.encode(av.VideoFrame.from_image(Image.new("RGB", (width, 32))))
        container.mux(packets)
    _, reader = read(tmp_path / name)
    assert reader.size_wh == (shown, 32)


# Mirrored, upside down in a mirror, and turned as well: the display matrix, and where the red man is then.
MIRRORS = {(-1, 0, 0, 1): (0.8, 0.3), (1, 0, 0, -1): (0.2, 0.7), (0, 1, 1, 0): (0.3, 0.2), (0, -1, -1, 0): (0.7, 0.8)}


@pytest.mark.parametrize(("matrix", "centre"), MIRRORS.items())
def test_mirrored_clips(tmp_path, monkeypatch, matrix, centre):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    path = write_clip(tmp_path / "a.mp4", LEFT, seconds=0.1)
    data, (a, b, c, d) = path.read_bytes(), (np.array(matrix, ">i4") << 16)
    upright = np.array([1 << 16, 0, 0, 0, 1 << 16], ">i4").tobytes()
    place = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:place] + np.array([a, b, 0, c, d], ">i4").tobytes() + data[place + len(upright) :])
    frames, reader = read(path)
    assert reader.size_wh == ((640, 360) if a else (360, 640))
    assert red_centre(frames[0].image_rgb) == centre


@pytest.mark.parametrize("transfer", ["pq", pytest.param("hlg", marks=pytest.mark.slow)])
def test_hdr_is_mapped_to_the_colours_of_sdr(tmp_path, transfer):
    wanted = np.asarray(frame_at([Actor(portrait("hopper.jpg"), still(0.5, height=1.0))], 0, (256, 256))) / 255
    code, signal = {"pq": (16, _pq), "hlg": (18, _hlg)}[transfer]
    rgb = (np.clip(signal(_linear_bt2020(wanted)), 0, 1) * 65535).round().astype("<u2")

    def hdr(frame):
        deep = av.VideoFrame.from_ndarray(rgb, format="rgb48le")
        deep.colorspace = 9
        deep = deep.reformat(format="yuv420p10le", src_colorspace=9, dst_colorspace=9)
        deep.color_trc, deep.color_primaries = code, 9
        return deep

    values = {"color_trc": code, "color_primaries": 9, "colorspace": 9}
    # Of a single frame, libx265 gives a decoding time that it never set, and the mp4 muxer at times refuses it.
    options = {"pixel_format": "yuv420p10le", "codec": "libx265", "seconds": 0.5, "size_wh": (256, 256)}
    frames, _ = read(write_clip(tmp_path / "a.mp4", [], change=hdr, **options, **values))
    assert np.abs(np.asarray(frames[0].image_rgb) / 255 - wanted).mean() < 0.06


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations_are_videos_where_that_is_asked_for(tmp_path, suffix):
    path, frames = tmp_path / f"a{suffix}", [frame_at(LEFT, 0, (160, 90)), Image.new("RGB", (160, 90))]
    frames[0].save(path, save_all=True, append_images=frames[1:] * 2, duration=[200, 300, 100])
    assert not is_video(path)
    assert is_video(path, with_animations=True)
    found, reader = read(path)
    assert [frame.time_s for frame in found] == pytest.approx([0, 0.2, 0.5] if len(found) == 3 else [0, 0.2])
    assert reader.duration_s == pytest.approx(0.6, abs=0.11)
    assert red_centre(found[0].image_rgb) == (0.2, 0.3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_what_can_be_read_of_a_damaged_file_is_given(tmp_path, name):
    data = write_clip(tmp_path / name, LEFT, seconds=6, gop_size=10).read_bytes()
    middle, noise = len(data) // 2, np.random.default_rng(0).bytes(len(data) // 8)
    (tmp_path / name).write_bytes(data[:middle] + noise + data[middle + len(noise) :])
    frames, reader = read(tmp_path / name)
    assert reader.is_damaged
    assert 20 <= len(frames) < 60
    assert frames[-1].time_s == pytest.approx(5.9, abs=0.5)


def test_a_file_that_was_cut_short_is_told(tmp_path):
    path = write_clip(tmp_path / "a.mp4", LEFT, seconds=6, container_options={"movflags": "faststart"}, gop_size=10)
    data = path.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 3 // 4])
    frames, reader = read(tmp_path / "cut.mp4")
    assert reader.is_damaged
    assert 10 <= len(frames) < 60


@pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")
@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("while True: pass", "takes too long"),
        ("import os; os._exit(3)", "is damaged"),
        ("raise KeyError", "failed at it"),
    ],
)
def test_a_worker_that_spins_or_dies_is_a_sentence(tmp_path, monkeypatch, line, sentence):
    path = write_clip(tmp_path / "private.mp4", LEFT, seconds=0.3)
    opening = f"def open_clip(*_):\n    {line}\nw.open_clip = open_clip"
    patch = f"import gender_age.video_worker as w\nw.CPU_S = 0.5\n{opening}"
    start = worker_process.START.replace("main()", f"exec({patch!r}); main()")
    monkeypatch.setattr(worker_process, "START", start)
    with pytest.raises(VideoError, match=sentence):
        read(path)


def test_where_there_are_no_limits_clips_are_read_all_the_same(tmp_path, monkeypatch):
    path = write_clip(tmp_path / "a.mp4", LEFT, seconds=0.3, rotation=90)
    with_limits = read(path)[0]
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    without = read(path)[0]
    assert [frame.image_rgb.tobytes() for frame in without] == [frame.image_rgb.tobytes() for frame in with_limits]


def test_a_name_is_not_logged(tmp_path, monkeypatch, caplog):
    path = write_clip(tmp_path / "private.mp4", LEFT, seconds=0.3)
    monkeypatch.setattr(worker_process, "START", "raise SystemExit(3)")
    with caplog.at_level(logging.WARNING), pytest.raises(VideoError, match="private"):
        read(path)
    assert "private" not in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.gif"])
def test_mutated_files_are_read_or_refused(tmp_path, name):
    path, generator = tmp_path / name, np.random.default_rng(7)
    if name == "a.gif":
        frame = frame_at(LEFT, 0, (160, 90))
        frame.save(path, save_all=True, append_images=[Image.new("RGB", frame.size)] * 5, duration=100)
    else:
        codec = "mpeg4" if name == "a.avi" else "libx264"
        write_clip(path, LEFT, seconds=2, size_wh=(160, 90), codec=codec, gop_size=5)
    data = path.read_bytes()
    for _ in range(40):
        mutated = np.frombuffer(data, np.uint8).copy()
        places = generator.integers(0, len(mutated), generator.integers(1, 60))
        mutated[places] = generator.integers(0, 256, len(places))
        path.write_bytes(mutated.tobytes()[: generator.integers(len(data) // 2, len(data) + 1)])
        begun = time.monotonic()
        try:
            frames, reader = read(path)
            assert all(frame.image_rgb.size == reader.size_wh for frame in frames)
        except VideoError:
            pass
        assert time.monotonic() - begun < 20


def _linear_bt2020(srgb):
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    matrix = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]  # ITU-R BT.2087
    return linear @ np.transpose(matrix)


def _pq(linear):
    """ITU-R BT.2100, with white at 203 cd/m²."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (linear * 203 / 10_000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def _hlg(linear):
    """ITU-R BT.2100, with white at 75 % of the signal."""
    a, b, c, scene = 0.17883277, 0.28466892, 0.55991073, np.clip(linear * 0.265, 0, 1)
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)
