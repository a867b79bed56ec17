"""Which files are videos: by how they begin, and by how they are called where that says nothing."""

from __future__ import annotations

import os
import re
from importlib import metadata

from .signatures import content_of, picture_of
from .standard_input import StandardInput

VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .qt .3gp .3g2 .mkv .webm .avi .mpg .mpeg .vob .ts .mts .m2ts .ogv .ogg .flv .wmv .asf".split()  # noqa: SIM905
)
WANTED_VIDEO = "an MP4, MOV, WebM, MKV, AVI, MPEG or WMV video"
# Of the extra `video`: older ones cannot map HDR to SDR.
LEAST_PYAV = (17, 1)
LEAST = ".".join(map(str, LEAST_PYAV))
INSTALL = f'pip install -U "av>={LEAST}"'

# FFmpeg's name of the reader of each kind. It is named to FFmpeg, which would otherwise also try readers of playlists,
# which open further files and addresses.
STARTS = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"\0\0\1\xba": "mpeg",
    b"FLV\1": "flv",
    b"OggS": "ogg",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
}
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
TS_SYNC, TS_PACKETS = 0x47, ((0, 188), (4, 192))
ANIMATION = "animation"
HEAD_BYTES = 512


def is_installed() -> bool:
    """Whether PyAV, of the extra `video`, is there, and new enough."""
    try:
        found = metadata.version("av")
    except metadata.PackageNotFoundError:
        return False
    return tuple(int(number) for number in re.findall(r"\d+", found)[:2]) >= LEAST_PYAV


def missing(what: str) -> str:
    """The sentence that names the extra; `what` needs it."""
    return f"{what} needs the package PyAV from {LEAST} on: run {INSTALL} and try again."


def kind_of(head: bytes) -> str | None:
    """FFmpeg's name of a video's reader, by the file's first 512 bytes; `"animation"` for GIF and animated WebP; None
    for all else."""
    if head.startswith(b"GIF8") or (head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & 2):
        return ANIMATION
    if _is_picture(head):
        return None
    if head.startswith(b"RIFF"):
        return "avi" if head[8:12] == b"AVI " else None
    if head[4:8] in BOXES:
        return "mov"
    for start, packet in TS_PACKETS:
        if len(head) > start + packet and head[start] == head[start + packet] == TS_SYNC:
            return "mpegts"
    return next((kind for start, kind in STARTS.items() if head.startswith(start)), None)


def is_video(path: object, with_animations: bool = False) -> bool:
    """Whether a path is that of a video.

    Args:
        with_animations: take GIF and WebP animations for videos; they are photos otherwise.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(path, StandardInput):
        return False
    head = _head(path)
    kind = kind_of(head)
    if kind is not None:
        return with_animations or kind != ANIMATION
    is_named_so = os.path.splitext(os.fsdecode(path))[1].lower() in VIDEO_SUFFIXES
    return is_named_so and not _is_picture(head)


def _is_picture(head: bytes) -> bool:
    """Whether it begins as a picture does.

    It is asked first: HEIC, AVIF and CR3 begin with a box as MP4 does, and the bytes that mark packets of a transport
    stream may stand anywhere in other files.
    """
    return content_of(head) is None or picture_of(head) is not None


def _head(path: str | os.PathLike) -> bytes:
    try:
        if not os.path.isfile(path):  # reading a pipe would wait
            return b""
        with open(path, "rb") as file:
            return file.read(HEAD_BYTES)
    except (OSError, ValueError):  # whoever opens it says why
        return b""


__all__ = ["VIDEO_SUFFIXES", "WANTED_VIDEO", "is_installed", "is_video", "kind_of", "missing"]
