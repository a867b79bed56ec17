"""Files take their place when they are whole, and leave nothing behind otherwise."""

import os
import sys

import pytest

from gender_age.replaced_file import check_folder, check_place, remove_unfinished, replaced


def test_a_file_takes_its_place_with_the_permissions_of_an_opened_one(tmp_path):
    place = tmp_path / "copy.mp4"
    place.write_bytes(b"before")
    with replaced(place) as path:
        assert os.path.splitext(path)[1] == ".mp4"
        with open(path, "wb") as file:
            file.write(b"after")
        assert place.read_bytes() == b"before"
    (tmp_path / "opened").touch()
    assert place.read_bytes() == b"after"
    assert place.stat().st_mode == (tmp_path / "opened").stat().st_mode
    assert sorted(os.listdir(tmp_path)) == ["copy.mp4", "opened"]


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(FileExistsError), replaced(tmp_path / "a.jpg") as path:
        os.mkdir(path)
    assert os.listdir(tmp_path) == []


def test_a_program_that_ends_at_once_removes_what_it_writes(tmp_path):
    with pytest.raises(FileNotFoundError), replaced(tmp_path / "a.jpg"):
        remove_unfinished()
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder of Linux in which nobody can make a file")
def test_a_folder_in_which_no_file_can_be_made(tmp_path):
    check_folder(tmp_path)
    assert os.listdir(tmp_path) == []
    with pytest.raises(OSError, match="/proc"):
        check_folder("/proc")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder of Linux in which nobody can make a file")
def test_places_are_tried_and_not_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for place in ("file", "new", "new/folder/", ".", str(tmp_path / "new"), "/dev/null"):
        check_place(place)
    assert os.listdir() == ["file"]
    for place in ("file/new", "/proc/new/folder", "/proc", "x" * 300):
        with pytest.raises(OSError, match=place[:4]):
            check_place(place)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError):
        check_place("file")
