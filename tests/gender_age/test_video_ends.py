"""What the structure of a file tells of its end."""

import io
import struct

import pytest

from gender_age.video_ends import is_cut, joined_at

FLV, TAG = b"FLV\1\1\0\0\0\x09", bytes(4) + b"\x09\0\0\1" + bytes(7) + b"x"


def metadata(name, value):
    """A tag of an FLV with a number in it, and the length behind it."""
    text = b"\0\x08" + name + b"\0" + struct.pack(">d", value)
    return bytes(4) + b"\x12\0\0" + bytes([len(text)]) + bytes(7) + text + bytes(4)


@pytest.mark.parametrize(
    ("kind", "data", "answer"),
    [
        ("mpegts", b"\x47" + bytes(187), None),
        ("mpegts", b"\x47" + bytes(187) + b"\x47", True),
        ("mpegts", b"\x47" + bytes(187) + b"and more", None),
        ("mpegts", 2 * (bytes(4) + b"\x47" + bytes(187)), None),
        ("mpegts", 2 * (bytes(4) + b"\x47" + bytes(187)) + bytes(4) + b"\x47", True),
        ("mov", b"", None),
        ("mov", b"\0\0\0\x10moov" + bytes(8) + b"\0\0\0\0mdat", None),
        ("mov", b"\0\0\0\1mdat\0\0\0\0\0\0\0\x18" + bytes(8), None),
        ("mov", b"\0\0\0\1mdat\0\0\0\0\0\0\0\x19" + bytes(8), True),
        ("mov", b"\0\0\0\x08moov" + b"no box at all", None),
        ("avi", b"RIFF\x04\0\0\0AVI ", False),
        ("avi", b"RIFF\x04\0\0\0AVI " + b"more", False),
        ("avi", b"RIFF\0\0\0\0AVI ", None),
        ("avi", b"RIFF\x05\0\0\0AVI ", True),
        ("asf", bytes(16) + b"\x18" + bytes(7) + bytes(24), None),
        ("matroska", b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x82" + bytes(2), False),
        ("matroska", b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x1f\x43\xb6\x75\xff" + b"\xa3\x81\0", None),
        ("matroska", b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x1f\x43\xb6\x75\xff" + b"\xa3\x82\0", True),
        ("matroska", b"\x18\x53\x80\x67\xff" + b"\xa3\xff", None),
        ("matroska", b"\x18\x53", None),
        ("flv", FLV, None),
        ("flv", FLV + TAG, None),
        ("flv", FLV + TAG + bytes(4), None),
        ("flv", FLV + TAG + bytes(4) + b"more", None),
        ("flv", FLV + TAG + bytes(4) + FLV + TAG[:-1], True),
        ("flv", FLV + TAG + TAG[:-1], True),
        ("flv", FLV + metadata(b"filesize", 0.0), None),
        ("flv", FLV + metadata(b"filesize", 47.0), False),
        ("flv", FLV + metadata(b"filesize", 47.0) + b"more", False),
        ("flv", FLV + metadata(b"filesize", 48.0), True),
        ("flv", FLV + metadata(b"fileSize", 48.0), True),
        ("flv", FLV + metadata(b"filesize", float("nan")), None),
    ],
)
def test_parts_of_files(kind, data, answer):
    assert is_cut(io.BytesIO(data), kind) is answer


@pytest.mark.parametrize(
    ("kind", "data", "place"),
    [
        ("mov", b"\0\0\0\x08ftyp\0\0\0\x08moov", None),
        ("mov", 2 * b"\0\0\0\x08ftyp\0\0\0\x08moov", 16),
        ("mov", b"\0\0\0\x08ftyp\0\0\0\x08moov" + b"no box" + b"\0\0\0\x08ftyp", None),
        ("avi", 2 * b"RIFF\x04\0\0\0AVI ", 12),
        ("avi", b"RIFF\x04\0\0\0AVI " + b"RIFF\x04\0\0\0AVIX", None),
        ("flv", FLV + TAG + bytes(4), None),
        ("flv", FLV + TAG + bytes(4) + FLV + TAG, 25),
        ("matroska", 2 * (b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x82" + bytes(2)), 12),
        ("asf", 2 * (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(8) + b"\x18" + bytes(7)), 24),
        ("mpegts", 2 * (b"\x47" + bytes(187)), None),
    ],
)
def test_where_a_joined_recording_begins(kind, data, place):
    assert joined_at(io.BytesIO(data), kind) == place


def test_a_file_of_nothing_but_parts_takes_a_bounded_time(monkeypatch):
    monkeypatch.setattr("gender_age.video_ends.MAX_PARTS", 10)
    data = b"\x18\x53\x80\x67\xff" + b"\xec\x80" * 8 + b"\xec\x81"
    assert is_cut(io.BytesIO(data), "matroska") is True
    assert is_cut(io.BytesIO(b"\xec\x80" + data), "matroska") is None
