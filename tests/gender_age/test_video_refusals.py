"""Files that are no videos, and what is no file: each is a sentence about videos."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from gender_age import photo_file, video_reader
from gender_age.errors import GenderAgeError, VideoError
from gender_age.photo_bytes import PhotoBytes
from gender_age.video_clip import Clip
from gender_age.video_reader import VideoReader

from .clips import write_clip

STREAM_PROPERTIES = bytes.fromhex("9107dcb7b7a9cf11")
YCGCO = 8


def refuse(path):
    """Reads what should be refused."""
    with VideoReader(path, 0.0) as reader:
        list(reader)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.mp4", b"hello", "is not a video"),
        ("a.mp4", b"", "is empty .* choose another video"),
        ("a.mp4", b"\0\0\0\x18ftypisom" + bytes(500), "is damaged"),
        ("a.mkv", b"\x1a\x45\xdf\xa3" + bytes(5000), "is damaged"),
        ("a.avi", b"RIFF\0\0\1\0AVI LIST" + bytes(500), "is damaged"),
    ],
)
def test_what_is_no_video_is_a_sentence(tmp_path, name, data, sentence):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(GenderAgeError, match=sentence):
        refuse(tmp_path / name)


@pytest.mark.parametrize(
    ("video", "sentence"),
    [
        (".", r"is a folder: name the videos inside it, for example with \*\.mp4"),
        ("https://example.invalid/a.mp4", "download the video first"),
        ("a\0.mp4", "choose another video"),
        ("/dev/null", "choose an MP4, MOV"),
        (PhotoBytes(b"", "s3://clips/a.mp4"), "choose another video"),
        (None, "There is no video: choose an MP4, MOV"),
        (1, "The video is a Python int: give its path"),
    ],
)
def test_what_is_no_file_of_a_video_is_a_sentence_about_videos(video, sentence):
    with pytest.raises(GenderAgeError, match=sentence) as error:
        VideoReader(video, 0.0)
    assert "photo" not in str(error.value)


def test_a_list_of_streams_that_is_cut_is_damage(tmp_path):
    """Not a file without pictures, whatever of its streams is left."""
    path = write_clip(tmp_path / "a.mp4", [], seconds=1, size_wh=(64, 48))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mvhd") + 150])
    with pytest.raises(VideoError, match="is damaged or cut short"):
        refuse(path)


def test_a_length_that_makes_no_sense_is_damage(tmp_path, monkeypatch):
    """FFmpeg seeks before the file's start, for which PyAV passes on the system's error."""
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    path = write_clip(tmp_path / "a.wmv", [], seconds=1, size_wh=(64, 48), codec="wmv2")
    data = bytearray(path.read_bytes())
    data[data.index(STREAM_PROPERTIES) + 23] = 0x7F
    path.write_bytes(data)
    with pytest.raises(VideoError, match="is damaged or cut short"):
        refuse(path)


def test_a_stream_that_begins_on_the_way_is_damage_behind_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    path = write_clip(tmp_path / "a.ts", [], seconds=3, size_wh=(64, 48))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"\x47\x41\x00") + 1] = 0xE5  # the last picture
    path.write_bytes(data)
    with VideoReader(path, 0.0) as reader:
        assert 25 <= len(list(reader)) < 30
    assert reader.is_damaged


def test_colours_that_ffmpeg_cannot_turn_into_rgb_are_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    path = write_clip(tmp_path / "a.mp4", [], seconds=0.2, size_wh=(64, 48), colorspace=YCGCO)
    with pytest.raises(VideoError, match=r"has colours that cannot be read here: save it as MP4 \(H\.264\)\."):
        refuse(path)


def test_a_list_of_other_files_is_never_followed(tmp_path):
    secret = write_clip(tmp_path / "secret.ts", [], seconds=0.3)
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    with pytest.raises(VideoError, match="is not a video"):
        refuse(tmp_path / "a.mp4")


def test_sound_alone_is_a_sentence(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate, frame.pts = 16_000, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode())
    with pytest.raises(VideoError, match="holds no pictures"):
        refuse(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["a.mkv", "a.gif"])
def test_a_long_video_has_more_reads_than_a_photo(tmp_path, monkeypatch, name):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    monkeypatch.setattr(photo_file, "MAX_READS", 3)
    frames = [Image.new("RGB", (64, 48), (2 * number, 0, 0)) for number in range(100)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=200)
    write_clip(tmp_path / "a.mkv", [], seconds=20, rate=5, size_wh=(64, 48))
    with VideoReader(tmp_path / name, 0.0) as reader:
        assert len(list(reader)) == 100
    assert not reader.is_damaged
    assert reader.duration_s == pytest.approx(20)


@pytest.mark.parametrize("limits", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_animation_that_declares_too_many_pixels_is_too_large(tmp_path, monkeypatch, limits):
    monkeypatch.setattr(video_reader, "has_limits", lambda: limits)
    content = io.BytesIO()
    Image.new("P", (8, 8)).save(content, "GIF", save_all=True, append_images=[Image.new("P", (8, 8), 1)])
    data = bytearray(content.getvalue())
    data[6:10] = (20_000).to_bytes(2, "little") + (10_000).to_bytes(2, "little")
    (tmp_path / "big.gif").write_bytes(data)
    with pytest.raises(VideoError, match="big.gif” is too large: the limit is 16 megapixels a frame"):
        refuse(tmp_path / "big.gif")


class Failing(Clip):
    """A clip whose second frame raises; or its first."""

    def __init__(self, error, num_frames):
        self.error, self.num_frames = error, num_frames

    def _decoded(self):
        yield from ((float(number), None) for number in range(self.num_frames))
        raise self.error

    def _pixels(self, frame):
        return np.zeros((48, 64, 4), np.uint8)


@pytest.mark.parametrize(
    ("error", "num_frames", "sentence"),
    [
        (OSError("a bad sector"), 0, "is damaged or cut short"),
        (OSError("a bad sector"), 1, None),
        (MemoryError(), 1, "does not fit into memory"),
    ],
)
def test_what_fails_without_a_worker_is_a_sentence_about_the_video(tmp_path, monkeypatch, error, num_frames, sentence):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)
    monkeypatch.setattr(video_reader, "open_clip", lambda *_: Failing(error, num_frames))
    path = write_clip(tmp_path / "a.mp4", [], seconds=1, size_wh=(64, 48))
    with VideoReader(path, 0.0) as reader:
        if sentence is None:
            assert len(list(reader)) == num_frames
            assert reader.is_damaged
            return
        with pytest.raises(VideoError, match=f"“a.mp4” {sentence}"):
            list(reader)
