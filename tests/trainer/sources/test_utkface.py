import io
import tarfile
import zipfile

import pytest

from trainer.errors import DataError
from trainer.sources.record import Record
from trainer.sources.utkface import MALFORMED, REPEATED, open_utkface, parse_name

PLAIN = "25_1_0_20170116171048641.jpg.chip.jpg"
OTHER = "116_0_3_20170120134921760.jpg.chip.jpg"
FILES = {
    f"UTKFace/{PLAIN}": b"first",
    f"UTKFace/part 2/{OTHER}": b"second",
    f"crop_part1/{PLAIN}": b"the same name again",
    "UTKFace/39_1_20170116174525125.jpg.chip.jpg": b"no race",
    f"UTKFace/._{PLAIN}": b"macOS",
    f"__MACOSX/UTKFace/{OTHER}": b"macOS",
    "UTKFace/README.txt": b"text",
    "../../outside.jpg": b"no label, and above the folder",
}


def add_to_tar(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


@pytest.fixture(params=["folder", "zip", "tar.gz"])
def source_path(request, tmp_path):
    if request.param == "folder":
        for name, content in FILES.items():
            path = tmp_path / "source" / name.replace("../../", "")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "source"
    path = tmp_path / f"UTKFace.{request.param}"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, content in FILES.items():
                add_to_tar(archive, name, content)
            link = tarfile.TarInfo("UTKFace/1_0_0_20170116171048641.jpg.chip.jpg")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(link)
    return path


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        (PLAIN, (25, "female", "White")),
        (OTHER, (116, "male", "Indian")),
        ("24_0_1_20170116220224657 .jpg.chip.jpg", (24, "male", "Black")),
        ("55_0_0_20170116232725357jpg.chip.jpg", (55, "male", "White")),
        ("28_1_2_201701161846515488.jpg.chip.jpg", (28, "female", "Asian")),
        ("1_0_4_20161219154724341.jpg", (1, "male", "Others")),
    ],
)
def test_names_that_can_be_read(name, labels):
    age, gender, race = labels
    assert parse_name(name) == Record(name, age, age, gender, race)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "portrait.jpg",
        "39_1_20170116174525125.jpg.chip.jpg",
        "25_2_0_20170116171048641.jpg.chip.jpg",
        "25_1_5_20170116171048641.jpg.chip.jpg",
        "999_1_0_20170116171048641.jpg.chip.jpg",
        "-5_1_0_20170116171048641.jpg.chip.jpg",
        "25_1_0_.jpg.chip.jpg",
    ],
)
def test_names_that_cannot(name):
    assert parse_name(name) is None


def test_every_form_gives_the_same_records(source_path):
    source = open_utkface(source_path)
    assert source.name == "utkface"
    assert [record.file for record in source.records] == [OTHER, PLAIN]
    reasons = {skip.file: skip.reason for skip in source.skipped}
    assert reasons == {
        "39_1_20170116174525125.jpg.chip.jpg": MALFORMED,
        "outside.jpg": MALFORMED,
        f"crop_part1/{PLAIN}": REPEATED,
    }


def test_reading_gives_the_stored_bytes_and_leaves_no_file(source_path, tmp_path):
    before = sorted(tmp_path.parent.rglob("*"))
    source = open_utkface(source_path)
    assert dict(source.read({PLAIN, OTHER})) == {PLAIN: b"first", OTHER: b"second"}
    assert dict(source.read({OTHER})) == {OTHER: b"second"}
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_the_fingerprint_follows_the_content(source_path):
    assert open_utkface(source_path).fingerprint == open_utkface(source_path).fingerprint
    folder = source_path if source_path.is_dir() else None
    if folder is not None:
        before = open_utkface(folder).fingerprint
        (folder / "30_1_0_20170116171048641.jpg.chip.jpg").write_bytes(b"new")
        assert open_utkface(folder).fingerprint != before


def test_a_file_too_large_is_not_read(source_path, monkeypatch):
    monkeypatch.setattr("trainer.sources.archives.LARGEST_FILE", 5)
    assert dict(open_utkface(source_path).read({PLAIN, OTHER})) == {PLAIN: b"first", OTHER: None}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.zip", None, "does not exist"),
        ("broken.zip", b"no zip", "damaged"),
        ("broken.tar.gz", b"no tar", "damaged"),
        ("UTKFace.rar", b"", "neither a folder nor one of"),
    ],
)
def test_unusable_paths_are_told(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_utkface(tmp_path / name)


def test_an_archive_cut_short_is_told(tmp_path):
    path = tmp_path / "UTKFace.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        add_to_tar(archive, PLAIN, bytes(range(256)) * 400)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataError, match="damaged"):
        list(open_utkface(path).read({PLAIN}))


def test_a_zip_that_wants_a_password_is_told(tmp_path):
    path = tmp_path / "UTKFace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(PLAIN, b"secret")
    data = bytearray(path.read_bytes())
    # The flag "encrypted" in the file's own header and in the archive's directory.
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="password"):
        list(open_utkface(path).read({PLAIN}))


def test_a_folder_of_other_images_is_told(tmp_path):
    (tmp_path / "cat.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="among 1 images"):
        open_utkface(tmp_path)
