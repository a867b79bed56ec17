"""Photos that resemble videos by some of their bytes stay photos, one by one and in a command line."""

import csv
import io
from pathlib import Path

import pytest

from gender_age.__main__ import main
from gender_age.video_formats import LEAST_PYAV, is_installed, is_video, kind_of, missing
from tests import fakes

from .pictures import encoded, picture

CR3 = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom".ljust(600, b"\1")
SYNC = 0x47
TS = bytes([SYNC]).ljust(188, b"\xff") * 3
M2TS = (bytes(4) + TS[:188]) * 3


def with_sync_bytes(head):
    """With what a transport stream has at the start of its packets, behind 4 bytes each."""
    changed = bytearray(head.ljust(600, b"\1"))
    changed[4] = changed[196] = SYNC
    return bytes(changed)


def jpeg():
    """With a comment of 18 kB, whose length begins with that byte."""
    data = encoded(fakes.noise((200, 120)), "JPEG")
    comment = bytearray(SYNC * 256)
    comment[196 - 6] = SYNC
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + bytes(comment) + data[2:]


@pytest.mark.parametrize("name", ["photo", "photo.mp4"])
@pytest.mark.parametrize("data", [CR3, jpeg(), with_sync_bytes(encoded(picture(), "BMP"))], ids=["cr3", "jpeg", "bmp"])
def test_a_photo_is_no_video(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert not is_video(tmp_path / name)
    assert kind_of(data[:512]) is None


@pytest.mark.parametrize("data", [TS, M2TS], ids=["ts", "m2ts"])
def test_a_transport_stream_is_a_video(tmp_path, data):
    (tmp_path / "clip").write_bytes(data)
    assert is_video(tmp_path / "clip")


def test_a_table_of_such_photos_has_a_row_for_each(commanded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.cr3").write_bytes(CR3)
    Path("b.jpg").write_bytes(jpeg())
    fakes.noise((200, 120)).save("c.png")
    assert main(["a.cr3", "b.jpg", "c.png", "--csv", "faces.csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(Path("faces.csv").read_text(encoding="utf-8"))))
    assert [row["path"] for row in rows] == ["a.cr3", "b.jpg", "b.jpg", "c.png", "c.png"]
    assert "RAW" in rows[0]["error"]
    assert rows[1]["error"] == ""


@pytest.mark.parametrize(
    ("version", "is_enough"), [("16.1.0", False), ("17.0.1", False), ("17.1.0", True), ("17.2rc1", True), ("18", True)]
)
def test_an_older_pyav_is_none(monkeypatch, version, is_enough):
    monkeypatch.setattr("importlib.metadata.version", lambda package: version)
    assert is_installed() is is_enough


def test_the_sentence_asks_for_the_same_pyav_as_the_check():
    assert missing("A video").count(".".join(map(str, LEAST_PYAV))) == 2
