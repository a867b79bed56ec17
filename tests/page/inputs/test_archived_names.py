"""Names of archived photos: none is harmful once it is decoded."""

import zipfile

import pytest

from page.inputs import archived_names
from page.inputs.archive import ArchiveError, list_photos
from page.inputs.archived_names import file_name, shown_path
from tests.gender_age.test_zip_names import unicode_path


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
