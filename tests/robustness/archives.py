"""ZIP archives that were made to do harm: deep, overlapping, forged, locked, or with much in little."""

from __future__ import annotations

import io
import struct
import zipfile
from functools import cache

from .inputs import saved


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these entries."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for entry, data in entries:
            archive.writestr(entry, data, compress_type=method)
    return stream.getvalue()


def named(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """An entry with this name as it is, and this mode."""
    info = zipfile.ZipInfo("x")
    info.filename, info.external_attr = name, mode << 16
    return info


def _overlapping(photo: bytes, count: int) -> bytes:
    """Entries that all point at one another's bytes (Fifield, "A better zip bomb", 2019)."""
    data = packed(*((f"{number:04}.png", photo) for number in range(count)), method=zipfile.ZIP_STORED)
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    directory, place = bytearray(data[start:end]), 0
    while place < len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, place + 28)
        struct.pack_into("<I", directory, place + 42, 0)
        place += 46 + name + extra + comment
    return data[:start] + bytes(directory) + data[end:]


def _nested(photo: bytes, depth: int) -> bytes:
    data = packed(("1.png", photo))
    for _ in range(depth):
        data = packed(("inner.zip", data))
    return data


@cache
def archives() -> dict[str, bytes]:
    """Name -> archive."""
    photo = saved("PNG")
    usual = packed(("1.png", photo), ("b/2.jpg", saved("JPEG")))
    end = struct.Struct("<IHHHHIIH")
    return {
        "nothing": packed(),
        "deep": _nested(photo, 30),
        "zeros": packed(*((f"{number}.png", bytes(20_000_000)) for number in range(3))),
        "twenty thousand empty photos": packed(*((f"{number}.png", b"") for number in range(20_000))),
        "sixty thousand names": packed(*((f"{number}.txt", b"") for number in range(60_000))),
        "overlapping": _overlapping(photo, 300),
        "paths that lead out": packed(
            *((named(name), photo) for name in ("../outside.png", "/outside.png", "a/../outside.png", "C:/outside.png"))
        ),
        "links": packed((named("outside.png", 0o120777), b"/etc/passwd"), (named("outside2.png", 0o020666), b"")),
        "names": packed(
            *((named(name), photo) for name in ("new\nline\x1b.png", "\u202egnp.png", "x" * 3000 + ".png", " .png"))
        ),
        "the same name a hundred times": packed(*((named("1.png"), photo) for _ in range(100))),
        "unusual ways": packed(("1.png", photo), method=zipfile.ZIP_LZMA),
        "a size of four billion": usual.replace(struct.pack("<I", len(photo)), b"\xff\xff\xff\xff"),
        "a size of one": usual.replace(struct.pack("<I", len(photo)), b"\1\0\0\0"),
        "a directory of four billion bytes": usual[:-22] + end.pack(0x06054B50, 0, 0, 2, 2, 2**32 - 2, 0, 0),
        "65,535 entries that are not there": usual[:-22] + end.pack(0x06054B50, 0, 0, 65535, 65535, 100, 0, 0),
        "64 bits": usual[:-22]
        + struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2**60, 2**60, 2**62, 2**62)
        + struct.pack("<IIQI", 0x07064B50, 0, len(usual) - 22, 1)
        + end.pack(0x06054B50, 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0),
        "a long comment": usual[:-22] + end.pack(0x06054B50, 0, 0, 2, 2, 99, 0, 65535) + bytes(65535),
        "no archive": b"Dear all",
        "cut": usual[: len(usual) // 2],
    }
