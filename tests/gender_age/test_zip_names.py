"""Names in ZIP archives: how they were encoded."""

import struct
import zipfile
import zlib

import pytest

from gender_age.zip_names import UTF8_FLAG, stored_path


def entry(stored: bytes, extra: bytes = b"") -> zipfile.ZipInfo:
    """An entry as `zipfile` reads it where nothing says that its name is UTF-8."""
    info = zipfile.ZipInfo(stored.decode("cp437"))
    info.extra = extra
    return info


def unicode_path(name: str, stored: bytes, version: int = 1) -> bytes:
    field = struct.pack("<BL", version, zlib.crc32(stored)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


@pytest.mark.parametrize(
    ("info", "path"),
    [
        (entry(b"a/1.png"), "a/1.png"),
        (entry("Fotos/Grüße ж.png".encode()), "Fotos/Grüße ж.png"),
        (entry("Grüße.png".encode("cp437")), "Grüße.png"),
        (entry("фото.png".encode("cp866")), "фото.png".encode("cp866").decode("cp437")),
        (entry(b"?.png", unicode_path("ж.png", b"?.png")), "ж.png"),
        (entry(b"?.png", struct.pack("<HH", 1, 2) + b"xx" + unicode_path("ж.png", b"?.png")), "ж.png"),
        (entry(b"?.png", unicode_path("../ж.png\0.txt", b"?.png")), "../ж.png"),
        (entry(b"?.png", unicode_path("old.png", b"another.png")), "?.png"),
        (entry(b"?.png", unicode_path("new.png", b"?.png", version=2)), "?.png"),
        (entry(b"?.png", unicode_path("ж.png", b"?.png").replace("ж".encode(), b"\xff\xff")), "?.png"),
        (entry(b"?.png", unicode_path("ж.png", b"?.png")[:8]), "?.png"),
        (entry(b"?.png", b"up"), "?.png"),
    ],
)
def test_names_without_the_mark_of_utf_8(info, path):
    assert stored_path(info) == path


def test_a_name_with_the_mark_stays():
    info = zipfile.ZipInfo("├й.png")  # also code page 437 of another name's UTF-8
    info.flag_bits = UTF8_FLAG
    assert stored_path(info) == "├й.png"
