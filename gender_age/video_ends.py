"""What the structure of a video's file tells of its end: readers take that of a file that is cut short for the clip's,
and many read only the first of recordings that were joined end to end."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterator
from typing import IO

from .video_formats import BOXES, STARTS, TS_PACKETS, TS_SYNC

# Parts that are looked at: those of an hour, where no cluster of blocks has a length. Each takes microseconds.
MAX_PARTS = 300_000
HEAD_BYTES = 24

FRAGMENT_BOXES = (b"moof", b"styp", b"sidx", b"mfra", b"uuid")
ASF_DATA = b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
# Of an FLV's onMetaData, which its first tag holds: the length of the file, as a number of AMF0.
FLV_METADATA_BYTES, FLV_FILE_SIZE = 1 << 16, re.compile(rb"\0\x08file[Ss]ize\0(.{8})", re.DOTALL)
FLV_TAGS = (8, 9, 18)
SEGMENT, CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"


def is_cut(file: IO[bytes], kind: str) -> bool | None:
    """Whether one of a file's parts ends after the file does.

    Args:
        file: its position moves.
        kind: FFmpeg's name of its reader.

    Returns:
        None where the structure does not tell: it has no lengths, or the file may have been cut between two parts.
    """
    if kind == "mpegts":
        return True if _ends_in_a_packet(file) else None
    part_of = READERS.get(kind)
    if part_of is None:
        return None
    num_bytes, answer = file.seek(0, io.SEEK_END), None
    if kind == "flv" and (declared := _flv_bytes(file)) > 0:
        return declared > num_bytes
    for place, _, length, is_everything in _parts(file, part_of):
        if place + length > num_bytes:
            return True
        if is_everything:
            answer = False
            if kind != "avi":  # which may go on in another part; behind others there is anything
                break
    return answer


def joined_at(file: IO[bytes], kind: str) -> int | None:
    """The byte at which a second recording begins that was joined to the first end to end; None where none does.

    Args:
        file: its position moves.
        kind: FFmpeg's name of its reader.
    """
    if kind not in BEGINNINGS:
        return None
    offset, name = BEGINNINGS[kind]
    parts = _parts(file, READERS[kind])
    return next((place for place, head, *_ in parts if place and head.startswith(name, offset)), None)


def _parts(
    file: IO[bytes], part_of: Callable[[bytes], tuple[int, bool] | None]
) -> Iterator[tuple[int, bytes, int, bool]]:
    """Place, first bytes, length, and whether it holds all pictures, of one part after the other."""
    num_bytes, place = file.seek(0, io.SEEK_END), 0
    for _ in range(MAX_PARTS):
        if place > num_bytes:
            break
        file.seek(place)
        head = file.read(HEAD_BYTES)
        part = part_of(head)
        if part is None:
            break
        yield place, head, *part
        place += part[0]


def _ends_in_a_packet(file: IO[bytes]) -> bool:
    """Whether the last packet of an MPEG transport stream is cut."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    start, length = next(each for each in TS_PACKETS if head[each[0]] == TS_SYNC)
    left = file.seek(0, io.SEEK_END) % length
    file.seek(-left, io.SEEK_END)
    # What was put behind the packets does not begin as one.
    return left > start and file.read(HEAD_BYTES)[start] == TS_SYNC


def _flv_bytes(file: IO[bytes]) -> float:
    """How long an FLV says it is; 0 where it does not, as in a recording that was broken off."""
    file.seek(0)
    found = FLV_FILE_SIZE.search(file.read(FLV_METADATA_BYTES))
    return struct.unpack(">d", found[1])[0] if found else 0.0


def _box(head: bytes) -> tuple[int, bool] | None:
    """MP4 and MOV, ISO/IEC 14496-12: a box's length, and whether it holds all pictures; None where it is no box."""
    length, header = int.from_bytes(head[:4], "big"), 8
    if length == 1:
        length, header = int.from_bytes(head[8:16], "big"), 16
    return None if head[4:8] not in BOXES + FRAGMENT_BOXES or length < header else (length, False)


def _riff(head: bytes) -> tuple[int, bool] | None:
    """AVI, as `_box`. Recordings that were broken off have no length."""
    length = int.from_bytes(head[4:8], "little")
    return None if head[:4] != b"RIFF" or length in (0, 2**32 - 1) else (8 + length, True)


def _asf_object(head: bytes) -> tuple[int, bool] | None:
    """WMV, as `_box`. A broadcast has no length."""
    length = int.from_bytes(head[16:24], "little")
    return None if length < HEAD_BYTES else (length, head[:16] == ASF_DATA)


def _flv_tag(head: bytes) -> tuple[int, bool] | None:
    """FLV, as `_box`: the header, or a tag behind the length of the one before."""
    for start in (0, 4):  # the second, where recordings were joined
        if head.startswith(b"FLV", start):
            return start + int.from_bytes(head[start + 5 : start + 9], "big"), False
    return (15 + int.from_bytes(head[5:8], "big"), False) if head[4:5] and head[4] & 31 in FLV_TAGS else None


def _element(head: bytes) -> tuple[int, bool] | None:
    """Matroska and WebM, RFC 8794, as `_box`. Where a length is not known, the elements inside follow."""
    name_bytes = 9 - (head[:1] or b"\0")[0].bit_length()
    length_bytes = 9 - (head[name_bytes : name_bytes + 1] or b"\0")[0].bit_length()
    header = name_bytes + length_bytes
    if name_bytes > 4 or length_bytes > 8 or header > len(head):
        return None
    name, largest = head[:name_bytes], (1 << 7 * length_bytes) - 1
    length = int.from_bytes(head[name_bytes:header], "big") & largest
    if length == largest:
        return (header, False) if name in (SEGMENT, CLUSTER) else None
    return header + length, name == SEGMENT


READERS: dict[str, Callable[[bytes], tuple[int, bool] | None]] = {
    "mov": _box,
    "avi": _riff,
    "asf": _asf_object,
    "flv": _flv_tag,
    "matroska": _element,
}


BEGINNINGS = {"mov": (4, b"ftyp"), "avi": (8, b"AVI "), "flv": (4, b"FLV\1")} | {
    kind: (0, start) for start, kind in STARTS.items() if kind in ("asf", "matroska")
}
"""FFmpeg's name of a reader -> where in a part, and how, another recording begins."""


__all__ = ["is_cut", "joined_at"]
