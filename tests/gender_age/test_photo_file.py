"""The limits on a file's parts and scans: what they stop, and that usual photos are far below them."""

import io

import pytest
from PIL import PngImagePlugin

from gender_age import jpeg_segments, photo_file
from gender_age.errors import PhotoError
from gender_age.images import open_photo
from gender_age.jpeg_segments import MAX_SCANNED_PIXELS, check_scans, read_jpeg
from gender_age.photo_file import Parts, PhotoFile
from tests.fakes import noise

SIZE_WH = (2000, 1500)


def test_reads_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_file, "MAX_READS", 3)
    (tmp_path / "a").write_bytes(b"abcdef")
    with PhotoFile((tmp_path / "a").open("rb", buffering=0)) as file:
        assert [file.read(1) for _ in range(3)] == [b"a", b"b", b"c"]
        with pytest.raises(OSError, match="too many parts"):
            file.read(1)


def test_fill_bytes_and_empty_parts_are_damage(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8" + b"\xff" * 300_000)
    (tmp_path / "b.gif").write_bytes(b"GIF89a\x08\0\x08\0\x80\0\0" + bytes(6) + b"!\xfe\x01a\0" * 60_000)
    for name in ("a.jpg", "b.gif"):
        with pytest.raises(PhotoError, match="is damaged"):
            open_photo(tmp_path / name)


@pytest.mark.parametrize("block", [2, 3, 7, 4096])
def test_scans_are_counted_across_blocks(monkeypatch, block):
    monkeypatch.setattr(jpeg_segments, "FIRST_BLOCK", block)
    monkeypatch.setattr(jpeg_segments, "BLOCK", block)
    data = io.BytesIO()
    noise((40, 30)).save(data, "JPEG", progressive=True)
    jpeg = read_jpeg(PhotoFile(data))
    assert (jpeg.num_scans, jpeg.is_whole, jpeg.frame.size_wh) == (10, True, (40, 30))
    check_scans(jpeg, MAX_SCANNED_PIXELS // 10)
    with pytest.raises(OSError, match="10 scans"):
        check_scans(jpeg, MAX_SCANNED_PIXELS // 10 + 1)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_parts_are_a_file_of_their_own(size):
    file = PhotoFile(Parts(PhotoFile(io.BytesIO(b"0123456789")), [(0, 2), (2, 3), b"ab", (5, 5), b"", (8, 10), (0, 1)]))
    assert file.size() == 8
    assert b"".join(iter(lambda: file.read(size), b"")) == b"012ab890"
    assert [file.read_at(place, 2) for place in (0, 2, 4, 7, 8, 99)] == [b"01", b"2a", b"b8", b"0", b"", b""]
    with pytest.raises(OSError, match="fileno"):
        file.fileno()


def test_a_large_png_in_small_parts_is_far_below_the_limit(tmp_path, monkeypatch):
    """Nine megabytes in parts of 4 kB: a tenth of the limit."""
    monkeypatch.setattr(PngImagePlugin.ImageFile, "MAXBLOCK", 4096)
    noise(SIZE_WH).save(tmp_path / "a.png", compress_level=0)
    assert (tmp_path / "a.png").read_bytes().count(b"IDAT") > 1_000
    monkeypatch.setattr(photo_file, "MAX_READS", photo_file.MAX_READS // 10)
    assert open_photo(tmp_path / "a.png").size == SIZE_WH


def test_a_progressive_photo_is_far_below_the_limit(tmp_path, monkeypatch):
    """Three megapixels; the largest that are taken have 85."""
    noise(SIZE_WH).save(tmp_path / "a.jpg", progressive=True)
    monkeypatch.setattr(jpeg_segments, "MAX_SCANNED_PIXELS", MAX_SCANNED_PIXELS * 3 // 85)
    assert open_photo(tmp_path / "a.jpg").size == SIZE_WH
