"""The names of photos in a ZIP archive: decoded, and safe to print and to write to a table."""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

from gender_age.photo_names import photo_name

# Bit 11 of the flags: the name is UTF-8 (APPNOTE.TXT 4.4.4). Without it `zipfile` reads code page 437.
UTF8_FLAG = 0x800
# Info-ZIP's Unicode Path Extra Field, which `zipfile` reads from Python 3.12 on (APPNOTE.TXT 4.6.9).
UNICODE_PATH = 0x7075
# A longer path keeps its start and its end, where the base name is: that has 120 characters at most.
MAX_PATH, KEPT_START, KEPT_END = 200, 79, 120
# File systems allow names of 255 bytes; the page shows 120 characters of up to four bytes.
MAX_NAME_BYTES = 200
IS_WINDOWS, FORBIDDEN_THERE = os.name == "nt", re.compile(r'[<>:"|?*]')


def stored_path(info: zipfile.ZipInfo) -> str:
    """The path of an entry with slashes between its parts, as the archive has it: it may lead anywhere."""
    name = info.filename
    if not info.flag_bits & UTF8_FLAG:
        # macOS's Archive Utility writes UTF-8 without saying so. Its ASCII is the same in both encodings.
        name = _unicode_path(info) or _as_utf8(name) or name
    return name.replace("\\", "/")  # as written by old Windows programs


def shown_path(parts: Sequence[str]) -> str:
    """The path inside the archive without control, direction or undecodable characters, 200 characters at most."""
    path = "/".join(photo_name(part) for part in parts if part != ".")
    return path if len(path) <= MAX_PATH else f"{path[:KEPT_START]}…{path[-KEPT_END:]}"


def file_name(name: str) -> str:
    """The base name as `photo_name` gives it, with characters and a length that the file system allows."""
    name = photo_name(name)
    if IS_WINDOWS:
        name = FORBIDDEN_THERE.sub("_", name)
    return name.encode("utf-8")[:MAX_NAME_BYTES].decode("utf-8", "ignore")


def _as_utf8(name: str) -> str | None:
    """A name that was read as code page 437, read as UTF-8; None where it is not."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return None


def _unicode_path(info: zipfile.ZipInfo) -> str | None:
    """The name of the Unicode Path Extra Field; None where there is none, or one for another name."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            try:
                is_current = zlib.crc32(info.orig_filename.encode("cp437")) == struct.unpack("<L", field[1:5])[0]
                return field[5:].decode("utf-8").partition("\0")[0] if is_current else None
            except UnicodeError:
                return None
    return None
