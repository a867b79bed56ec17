"""Files as tables name them: moved, of Windows, without suffix, with accents composed or apart."""

import pytest

from trainer.sources.own_paths import FilesOnDisk, StoredFiles, moved_from, without_start

STORED = ("a/1.png", "b/1.png", "b/2.JPG", "zo\u00eb.png", "c#d e.png")


@pytest.mark.parametrize(
    ("name", "folder", "found"),
    [
        ("a/1.png", "", "a/1.png"),
        ("1.png", "b", "b/1.png"),
        ("../a/1.png", "b", "a/1.png"),
        ("./c#d e.png", "", "c#d e.png"),
        ("b\\1.png", "", "b/1.png"),
        ("2.jpg", "", "b/2.JPG"),
        ("2", "", "b/2.JPG"),
        ("zoe\u0308", "", "zo\u00eb.png"),
    ],
)
def test_stored_files(name, folder, found):
    assert StoredFiles(STORED).find(name, folder) == (found, "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1.png", "names several files of the source"),
        ("3.png", "names no file of the source"),
        ("../../etc/1.png", "names no file of the source"),
        ("https://host.invalid/1.png", "names an address (download its photo first)"),
    ],
)
def test_why_there_is_no_file(name, reason):
    assert StoredFiles(STORED).find(name) == (None, reason)


def test_absolute_paths_of_another_place_lose_what_they_have_in_common():
    stored = StoredFiles(STORED)
    names = ["D:\\me\\photos\\a\\1.png", "D:\\me\\photos\\b\\2.JPG", "D:\\me\\photos\\d\\1.png"]
    start = moved_from(names, stored.has)
    assert start == "D:/me/photos/"
    assert [without_start(name, start) for name in names] == ["a/1.png", "b/2.JPG", "d/1.png"]
    assert moved_from(["a/1.png", "/none/of/these.png"], stored.has) == ""


def test_files_beside_a_table(tmp_path):
    for name in ("a/1.png", "2.JPG", "3.png", "3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    here = FilesOnDisk(tmp_path)
    assert here.find("a\\1.png") == here.find(str(tmp_path / "a" / "1.png")) == tmp_path / "a" / "1.png"
    assert here.find("2.jpg") == here.find("2") == tmp_path / "2.JPG"
    for name in ("3", "4.png", "none/1.png", "a", "null\0.png", 300 * "x"):
        assert here.find(name) is None
