"""Photos of ZIP archives: what is taken, what is left, and archives that were made to do harm."""

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from gender_age.images import open_photo
from page.inputs import archive, unpacking
from page.inputs.archive import ArchiveError, is_archive, list_photos
from page.inputs.unpacking import Unpacker

SYMLINK = 0o120777 << 16


def photo_bytes(colour="teal") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, "PNG")
    return stream.getvalue()


PHOTO = photo_bytes()


@pytest.fixture
def pack(tmp_path):
    """Writes an archive of `(name or ZipInfo, bytes)` and returns its path."""

    def pack(*entries, name="trip.zip", **options):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as packed:
            for entry, data in entries:
                packed.writestr(entry, data, **options)
        return tmp_path / name

    return pack


def info(name, attributes=0o100644 << 16) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = attributes
    return made


def unpacked(path, **limits) -> list[tuple[str, bytes | str]]:
    """Name and bytes of every photo, or the sentence that comes instead."""
    results = []
    with Unpacker(**limits) as unpacker:
        for photo in list_photos(path):
            try:
                results.append((photo.name, Path(unpacker.unpack(path, photo)).read_bytes()))
            except ArchiveError as error:
                results.append((photo.name, str(error)))
    return results


def sentence(path) -> str:
    """What is said of the only photo of an archive, which is not unpacked."""
    ((name, said),) = unpacked(path)
    assert isinstance(said, str)
    assert said.startswith(f"“{name}” ")
    assert said.endswith(".")
    return said


def test_photos_come_in_stored_order_with_their_paths_inside(pack):
    path = pack(("b/2.png", PHOTO), ("a/1.PNG", photo_bytes("red")), ("b/2.png.txt", "notes"), ("3.heic", b"?"))
    assert unpacked(path) == [("b/2.png", PHOTO), ("a/1.PNG", photo_bytes("red")), ("3.heic", b"?")]


def test_what_nobody_would_miss_is_left_out(pack):
    junk = ["__MACOSX/._1.png", ".hidden.png", ".git/1.png", "Thumbs.db", "notes.txt", "1.json"]
    path = pack(("folder/", ""), ("folder/1.png", PHOTO), *((name, PHOTO) for name in junk))
    assert [name for name, _ in unpacked(path)] == ["folder/1.png"]


def test_an_archive_without_photos(pack):
    with pytest.raises(ArchiveError, match=r"^“trip.zip” holds no photo"):
        list_photos(pack(("notes.txt", "?")))
    with pytest.raises(ArchiveError, match="holds no photo"):
        list_photos(pack())


def test_duplicate_names_are_two_photos(pack):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = pack(("a/1.png", PHOTO), ("a/1.png", photo_bytes("red")), ("b/1.png", PHOTO))
    assert unpacked(path) == [("a/1.png", PHOTO), ("a/1.png", photo_bytes("red")), ("b/1.png", PHOTO)]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("new\nline\x1b[31m\u202e.png", "new?line?[31m?.png"),
        ("x" * 300 + ".png", "x" * 119 + "…"),
        ("ж" * 300 + ".png", None),
        ("a\\b\\win.png", "a/b/win.png"),
        ("./a//./b.png", "a/b.png"),
        ("long/" * 100 + "1.png", "long/" * 15 + "long…" + ("long/" * 100 + "1.png")[-120:]),
        ("<img src=x>.png", "<img src=x>.png"),
    ],
)
def test_strange_names_become_safe_ones(pack, stored, shown):
    ((name, data),) = unpacked(pack((info(stored), PHOTO)))
    assert data == PHOTO
    assert name == shown or shown is None
    assert name.isprintable()
    assert len(name) <= 200
    (photo,) = list_photos(pack((info(stored), PHOTO)))
    assert "/" not in photo.file_name
    assert len(photo.file_name.encode()) <= 200


def test_an_unpacked_photo_is_named_by_the_opener_as_in_the_archive(pack):
    path = pack((info("bad\tname " + "ж" * 200 + ".jpg"), b"Dear all"))
    (photo,) = list_photos(path)
    with Unpacker() as unpacker, pytest.raises(Exception, match="holds text") as error:
        open_photo(unpacker.unpack(path, photo))
    assert f"“{photo.file_name}”" in str(error.value)


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "..\\evil.png"])
def test_paths_that_lead_out(pack, tmp_path, name):
    assert sentence(pack((info(name), PHOTO))) == f"“evil.png” {archive.LEADS_OUT}"
    assert not list(tmp_path.parent.rglob("evil.png"))


def test_links_and_devices(pack):
    assert "is a link" in sentence(pack((info("photo.png", SYMLINK), "/etc/passwd")))
    assert "is a link" in sentence(pack((info("photo.png", 0o020666 << 16), "")))


def test_an_archive_in_an_archive(pack):
    inner = pack(("1.png", PHOTO), name="inner.zip").read_bytes()
    assert "is an archive in an archive" in sentence(pack(("deep.zip", inner)))


def test_a_password(pack):
    path = pack(("1.png", PHOTO))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    assert "password" in sentence(path)


def test_unusual_packing(pack):
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "unusual way" in sentence(pack(("1.png", PHOTO), compress_type=method))


def test_a_bad_checksum_costs_one_photo(pack):
    path = pack(("1.png", PHOTO), ("2.png", photo_bytes("red")), compress_type=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(PHOTO) + 45] ^= 1
    path.write_bytes(data)
    (_, first), second = unpacked(path)
    assert "“1.png” is damaged in its archive" in first
    assert second == ("2.png", photo_bytes("red"))


def test_a_claimed_size_over_the_limit_is_not_unpacked(pack, monkeypatch):
    monkeypatch.setattr(archive, "MAX_PHOTO_BYTES", 10_000)
    path = pack(("zeros.png", bytes(1_000_000)))
    with Unpacker() as unpacker:
        (photo,) = list_photos(path)
        with pytest.raises(ArchiveError, match="“zeros.png” is too large"):
            unpacker.unpack(path, photo)
        assert unpacker.bytes_left == unpacking.MAX_UNPACKED_BYTES


def test_bytes_are_counted_as_they_come(pack, monkeypatch):
    """The limit holds where the archive claims less than it holds; nothing stays on disk."""
    monkeypatch.setattr(unpacking, "MAX_PHOTO_BYTES", 100_000)
    path = pack(("zeros.png", bytes(10_000_000)))
    with Unpacker() as unpacker:
        (photo,) = list_photos(path)
        with pytest.raises(ArchiveError, match="“zeros.png” is too large"):
            unpacker.unpack(path, photo)
        read = unpacking.MAX_UNPACKED_BYTES - unpacker.bytes_left
        assert 100_000 < read <= 100_000 + unpacking.BLOCK
        assert not list(Path(unpacker._folder.name).rglob("*.png"))


def test_a_false_claim_of_little_is_damage(pack):
    path = pack(("zeros.png", bytes(10_000_000)))
    data = path.read_bytes().replace(struct.pack("<I", 10_000_000), struct.pack("<I", 100))
    path.write_bytes(data)
    assert "is damaged" in sentence(path)


def test_all_photos_together_have_a_limit(pack):
    path = pack(*((f"{number}.png", bytes(50_000)) for number in range(5)))
    found = [data for _, data in unpacked(path, max_bytes=120_000)]
    assert found[:2] == [bytes(50_000)] * 2
    assert all("was left out, as the archives hold too much" in text for text in found[2:])


def test_a_giant_list_of_files_is_not_read(pack, monkeypatch):
    path = pack(*((f"{number:05}.png", b"") for number in range(3_000)))
    assert len(list_photos(path)) == 3_000
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100_000)
    made = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *args, **kwargs: made.append(args))
    with pytest.raises(ArchiveError, match=r"^“trip.zip” lists too many files"):
        list_photos(path)
    assert made == []


def test_the_folder_goes_and_a_discarded_photo_at_once(pack):
    path = pack(("1.png", PHOTO))
    with Unpacker() as unpacker:
        photo = Path(unpacker.unpack(path, list_photos(path)[0]))
        folder = photo.parent.parent
        assert folder.stat().st_mode & 0o077 == 0, "others on this machine could read the photos"
        unpacker.discard(str(photo))
        assert list(folder.iterdir()) == []
    assert not folder.exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04" + bytes(50), b"Dear all", b"PK\x05\x06" + bytes(18)])
def test_no_archive(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match=r"^“a.zip” (is not a ZIP archive|holds no photo)"):
        list_photos(tmp_path / "a.zip")
    with pytest.raises(ArchiveError, match="“gone.zip” cannot be read"):
        list_photos(tmp_path / "gone.zip")


def test_damaged_archives_end_in_sentences(pack):
    whole = pack(("1.png", PHOTO), ("b/ж.png", photo_bytes("red"))).read_bytes()
    path = pack(name="damaged.zip")
    generator = random.Random(7)
    refused = 0
    for _ in range(1_500):
        data = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        path.write_bytes(data[: generator.choice((len(data), generator.randrange(len(data)) + 1))])
        try:
            unpacked(path)
        except ArchiveError:
            refused += 1
    assert 100 < refused < 1_500


def test_an_archive_is_known_by_its_name():
    assert [is_archive(name) for name in ("a.zip", "A.ZIP", "a.jpg", "zip")] == [True, True, False, False]
