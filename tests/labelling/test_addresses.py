"""SOURCE as an address or a pattern: what fsspec would take for more than a name."""

import zipfile

import fsspec
import pytest

from labelling.errors import LabellingError
from labelling.items import fetched
from labelling.pieces import Files

from .conftest import items_of, paths_of, photo_bytes


def test_a_name_in_a_store_may_have_what_fsspec_chains(memory):
    """As a key of S3 may: each address, parsed again, was another one, or none."""
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/bucket/urn/a::b.jpg", b"12345")
    fs.pipe_file("/bucket/urn/n::1/a.jpg", b"678")
    fs.pipe_file("/bucket/urn/n", b"another")
    found = [fetched(item) for item in items_of("memory://bucket/urn")]
    assert [item["path"] for item in found] == [f"memory://bucket/urn/{name}" for name in ("a::b.jpg", "n::1/a.jpg")]
    assert [item["data"] for item in found] == [b"12345", b"678"]


def test_the_members_of_an_archive_are_photos(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("inside/a.png", photo_bytes())
        archive.writestr("b.png", photo_bytes(seed=1))
    source = f"zip://::{tmp_path}/photos.zip"
    found = [fetched(item) for item in items_of(source)]
    assert [item["path"] for item in found] == [f"{source}/b.png", f"{source}/inside/a.png"]
    assert [item["data"] for item in found] == [photo_bytes(seed=1), photo_bytes()]


def test_a_store_that_a_node_cannot_open_is_no_photos_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.png", photo_bytes())
    (item,) = items_of(f"zip://::{tmp_path}/photos.zip")
    (tmp_path / "photos.zip").unlink()
    fsspec.get_filesystem_class("zip").clear_instance_cache()
    with pytest.raises(LabellingError, match=r"The store of SOURCE cannot be reached \(.*No such file"):
        fetched(item)


def test_the_keys_of_a_store_are_not_shown():
    """A piece travels to the nodes with them, and into no log."""
    assert "secret" not in repr(Files(["a.jpg"], [b"a.jpg"], '{"password": "secret"}'))


BRACKETS = "Nachlass [1920]"


def test_a_place_that_exists_is_no_pattern(memory):
    fs = fsspec.filesystem("memory")
    for folder in (BRACKETS, "Nachlass 1"):
        fs.pipe_file(f"/bucket/{folder}/a.png", photo_bytes())
    assert paths_of(f"memory://bucket/{BRACKETS}") == [f"memory://bucket/{BRACKETS}/a.png"]
    assert paths_of(f"memory://bucket/{BRACKETS}/a.png") == [f"memory://bucket/{BRACKETS}/a.png"]
    assert paths_of("memory://bucket/Nachlass [123]/*") == ["memory://bucket/Nachlass 1/a.png"]


def test_the_working_directory_is_no_pattern(photos, monkeypatch):
    here = photos.rename(photos.parent / BRACKETS)
    (photos.parent / "Nachlass 1").mkdir()
    (photos.parent / "Nachlass 1" / "other.jpg").write_bytes(photo_bytes())
    monkeypatch.chdir(here)
    assert paths_of("*.jpg") == ["bera.jpg", "collins.jpg"]
    assert paths_of("./*.jpg") == ["./bera.jpg", "./collins.jpg"]
    assert paths_of("**/*.png") == paths_of("inside/*.png") == paths_of("*/n*") == ["inside/nobody.png"]
    assert paths_of("**") == ["bera.jpg", "collins.jpg", "inside/broken.jpg", "inside/nobody.png"]
    assert paths_of("../Nachlass 1/*") == ["../Nachlass 1/other.jpg"]
    assert paths_of(f"{photos.parent}/Nachlass [1]/*") == [f"{photos.parent}/Nachlass 1/other.jpg"]


def test_a_pattern_asks_a_store_for_no_single_photo(memory, monkeypatch):
    """In s3fs each question took time that grew with the folder."""
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/bucket/photos/folder.jpg/b.png", photo_bytes())
    monkeypatch.setattr(type(fs), "isdir", lambda self, path: pytest.fail(path) if path.endswith(".jpg") else True)
    assert paths_of(f"{memory}/*.jpg") == [f"{memory}/bera.jpg", f"{memory}/collins.jpg"]


def test_a_folder_that_matches_a_pattern_is_none_of_its_photos(photos):
    (photos / "folder.jpg").mkdir()
    (photos / "link.jpg").symlink_to(photos / "inside")
    assert paths_of(f"{photos}/*.jpg") == [f"{photos}/bera.jpg", f"{photos}/collins.jpg"]
