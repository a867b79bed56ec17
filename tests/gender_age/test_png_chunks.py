"""PNG files: text, XMP and profiles of any size do not cost the picture, nor memory."""

import time
import tracemalloc
import zlib

import pytest

from gender_age.errors import PhotoError
from gender_age.images import open_photo

from .pictures import encoded, exif_with, is_upright, picture, png_chunk, profile, with_chunks

MUCH = bytes(3 << 20)
XMP = b"XML:com.adobe.xmp\0"


def opened(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    return open_photo(tmp_path / "a.png")


CHUNKS = {
    "zTXt": (b"zTXt", b"Comment\0\0" + zlib.compress(MUCH)),
    "tEXt": (b"tEXt", b"Comment\0" + b"x" * (70 << 20)),
    "iTXt": (b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(MUCH)),
    "XMP": (b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(MUCH)),
    "plain XMP": (b"iTXt", XMP + b"\0\0\0\0" + MUCH),
    "profile": (b"iCCP", b"a\0\0" + zlib.compress(profile() + MUCH)),
    "large profile": (b"iCCP", b"a\0\0" + zlib.compress(profile() + MUCH * 9)),
    "compression of the profile": (b"iCCP", b"a\0\7" + zlib.compress(profile())),
    "broken profile": (b"iCCP", b"a\0\0" + b"broken"),
    "short": (b"pHYs", b"\0"),
    "private": (b"prVt", MUCH),
}


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize("at_end", [False, True])
def test_large_and_broken_chunks_are_left_out(tmp_path, name, at_end):
    assert is_upright(opened(tmp_path, with_chunks(encoded(picture(), "PNG"), CHUNKS[name], at_end=at_end)))


def test_memory_is_bounded(tmp_path):
    bomb = (b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(200 << 20)))
    profile_bomb = (b"iCCP", b"a\0\0" + zlib.compress(bytes(200 << 20)))
    (tmp_path / "a.png").write_bytes(with_chunks(encoded(picture(), "PNG"), bomb, profile_bomb))
    tracemalloc.start()
    try:
        assert is_upright(open_photo(tmp_path / "a.png"))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_many_bombs_are_unpacked_once(tmp_path):
    exif = (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(1 << 20)))
    xmp = (b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(bytes(1 << 20)))
    start = time.process_time()
    assert is_upright(opened(tmp_path, with_chunks(encoded(picture(), "PNG"), *[exif, xmp] * 2000)))
    assert time.process_time() - start < 0.5


def test_a_file_of_many_more_chunks_than_any_photo_has_is_refused(tmp_path):
    png, chunk = encoded(picture(), "PNG"), (b"tEXt", b"a\0b")
    assert is_upright(opened(tmp_path, with_chunks(png, *[chunk] * 32_000)))
    with pytest.raises(PhotoError, match="is damaged"):
        opened(tmp_path, with_chunks(png, *[chunk] * 51_000))


def test_orientation_in_every_place(tmp_path):
    stored = encoded(picture().rotate(90, expand=True), "PNG")
    exif = exif_with(3, 6)
    as_text = f"\nexif\n{len(exif):8}\n{exif.hex()}".encode()
    for chunk in [
        (b"eXIf", exif),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(as_text)),
        (b"tEXt", b"Raw profile type APP1\0" + as_text),
        (b"iTXt", XMP + b'\0\0\0\0<x tiff:Orientation="6"/>'),
        (b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(b"<tiff:Orientation>6</tiff:Orientation>")),
    ]:
        assert is_upright(opened(tmp_path, with_chunks(stored, chunk, at_end=True))), chunk


def test_trailing_bytes_and_broken_checksums_of_metadata(tmp_path):
    png = encoded(picture(), "PNG")
    broken = png_chunk(b"tEXt", b"a\0b")[:-1] + b"?"
    assert is_upright(opened(tmp_path, png[:33] + broken + png[33:] + b"video" * 1000))
