"""Names of archived photos: how they were encoded, and that none is harmful afterwards."""

import struct
import zipfile
import zlib

import pytest

from page.inputs import archived_names
from page.inputs.archive import ArchiveError, list_photos
from page.inputs.archived_names import UTF8_FLAG, file_name, shown_path, stored_path


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


def test_the_true_name_decides_what_leads_out(tmp_path):
    info = zipfile.ZipInfo("harmless.png")
    info.extra = unicode_path("../../evil.png", b"harmless.png")
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as packed:
        packed.writestr(info, b"?")
    (photo,) = list_photos(tmp_path / "trip.zip")
    assert (photo.name, photo.file_name) == ("evil.png", "evil.png")
    assert "leads out of its archive" in photo.error


def test_a_name_that_is_not_the_utf_8_that_it_claims_is_damage(tmp_path):
    path = tmp_path / "trip.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ж.png", b"?")
    path.write_bytes(path.read_bytes().replace("ж.png".encode(), b"\xff\xfe.png"))
    with pytest.raises(ArchiveError, match=r"^“trip.zip” is not a ZIP archive, or is damaged"):
        list_photos(path)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["1.png"], "1.png"),
        (["a", ".", "1.png"], "a/1.png"),
        (["a\nb", "\x00\u202e.png"], "a?b/??.png"),
        (["<b>", "'\"&.png"], "<b>/'\"&.png"),
        (["a" * 70, "b" * 8, "c" * 120], "a" * 70 + "/" + "b" * 8 + "/" + "c" * 120),
        (["a" * 70, "b" * 9, "c" * 120], "a" * 70 + "/" + "b" * 8 + "…" + "c" * 120),
        (["a" * 500, "1.png"], "a" * 119 + "…/1.png"),
    ],
)
def test_shown_path(parts, shown):
    assert shown_path(parts) == shown
    assert len(shown) <= 200


def test_file_name_is_never_longer_than_file_systems_allow():
    assert file_name("ж" * 300 + ".png") == "ж" * 100
    assert file_name("1.png") == "1.png"


def test_file_name_has_no_character_that_windows_refuses_there(monkeypatch):
    assert file_name('who? "me".png') == 'who? "me".png'
    monkeypatch.setattr(archived_names, "IS_WINDOWS", True)
    assert file_name('who? "me".png') == "who_ _me_.png"
