"""The paths in a ZIP archive, decoded as whoever packed it meant them."""

from __future__ import annotations

import struct
import zipfile
import zlib

# Bit 11 of the flags: the name is UTF-8 (APPNOTE.TXT 4.4.4). Without it `zipfile` reads code page 437.
UTF8_FLAG = 0x800
# Info-ZIP's Unicode Path Extra Field, which `zipfile` reads from Python 3.12 on (APPNOTE.TXT 4.6.9).
UNICODE_PATH = 0x7075


def stored_path(info: zipfile.ZipInfo) -> str:
    """The path of an entry with slashes between its parts, as the archive has it: it may lead anywhere."""
    name = info.filename
    if not info.flag_bits & UTF8_FLAG:
        # macOS's Archive Utility writes UTF-8 without saying so. Its ASCII is the same in both encodings.
        name = _unicode_path(info) or _as_utf8(name) or name
    return name.replace("\\", "/")  # as written by old Windows programs


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
