import io
import struct
import time

import pytest
from PIL import Image

from gender_age.errors import PhotoError
from gender_age.file_checks import check_bmp, webp_size
from gender_age.images import open_photo
from tests.robustness.measuring import peak_mb, resident_mb

from .greedy_files import bmp, known_files, tags, tiles, webp
from .pictures import CASES, encoded, picture

KNOWN = known_files()
HOSTILE = sorted((CASES / "hostile").glob("*.*"))


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_kind_is_refused_at_once(name, tmp_path):
    path = tmp_path / f"a.{name.rpartition('.')[2]}"
    path.write_bytes(KNOWN[name])
    begun = time.process_time()
    with pytest.raises(PhotoError, match="is damaged or cut short|is blank|is too long"):
        open_photo(path)
    assert time.process_time() - begun < 0.2


@pytest.mark.skipif(not HOSTILE, reason="the collected files are not here")
@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.name)
def test_a_collected_file_is_refused_at_once(path):
    begun = time.process_time()
    with pytest.raises(PhotoError):
        open_photo(path)
    assert time.process_time() - begun < 0.2


def test_usual_files_pass(tmp_path):
    image = picture((700, 300))
    for kind, options in (
        ("TIFF", {"compression": "jpeg"}),
        ("TIFF", {"compression": "tiff_lzw", "tiffinfo": {270: "words " * 1000}}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}),
    ):
        path = tmp_path / "a"
        path.write_bytes(encoded(image, kind, **options))
        assert open_photo(path).size == (700, 300), (kind, options)


def test_a_small_picture_in_a_usual_tile_passes(tmp_path):
    jpeg = encoded(Image.new("L", (512, 512), 90), "JPEG")
    (tmp_path / "a.tif").write_bytes(tiles((60, 40), (512, 512), 1, 7, jpeg))
    assert open_photo(tmp_path / "a.tif").getpixel((3, 3)) == (90, 90, 90)


def test_run_lengths_that_make_a_picture_pass(tmp_path):
    (tmp_path / "a.bmp").write_bytes(bmp((200, 100), b"\xc8\1\0\0" * 99 + b"\xc8\1\0\1"))
    assert open_photo(tmp_path / "a.bmp").size == (200, 100)


def test_tags_with_as_many_bytes_as_the_file_pass(tmp_path):
    (tmp_path / "a.tif").write_bytes(tags(1))
    assert open_photo(tmp_path / "a.tif").size == (64, 64)


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, {"save_all": True}]
)
def test_webp_tells_its_size(options):
    assert webp_size(encoded(Image.new("RGB", (301, 77)), "WEBP", **options)[:30]) == (301, 77)


def test_what_is_no_webp_tells_no_size():
    assert webp_size(b"") is None
    assert webp_size(encoded(picture(), "PNG")[:30]) is None
    assert webp_size(webp((9, 9))[:29]) is None
    assert webp_size(b"RIFF\0\0\0\0WEBPVP8 " + bytes(20)) is None


def test_a_bmp_without_runs_may_be_of_any_size():
    head = bytearray(bmp((10_000_000, 1), b""))
    with pytest.raises(OSError, match="runs"):
        check_bmp(bytes(head), len(head))
    head[30:34] = struct.pack("<I", 0)
    check_bmp(bytes(head), len(head))
    check_bmp(b"BM", 2)


def test_a_blank_photo_of_usual_size_passes(tmp_path):
    """One colour packs well: 12 megapixels of PNG have 340 pixels a byte, GIF has 1,400."""
    for kind in ("PNG", "GIF", "JPEG"):
        path = tmp_path / f"a.{kind.lower()}"
        path.write_bytes(encoded(Image.new("L", (5000, 4000), 255), kind))
        assert open_photo(path).size == (5000, 4000)


def test_a_webp_is_refused_before_its_reader_takes_memory(tmp_path):
    (tmp_path / "a.webp").write_bytes(webp((9200, 9200)))
    before = max(peak_mb("self"), resident_mb("self"))
    with pytest.raises(PhotoError, match="is blank"):
        open_photo(tmp_path / "a.webp")
    assert peak_mb("self") - before < 20


def test_webp_of_the_helper_is_a_picture():
    assert Image.open(io.BytesIO(webp((70, 50), 10))).convert("RGB").size == (70, 50)
