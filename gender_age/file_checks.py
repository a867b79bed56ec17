"""Cheap checks of files that ask their reader for far more than their picture needs.

They know the kinds that were found; the limits of the worker processes (opening_worker.py) stop the others.
"""

from __future__ import annotations

import struct
from math import ceil

from .jpeg_segments import MAX_SCANNED_PIXELS, read_jpeg
from .photo_file import Parts, PhotoFile
from .signatures import JPEG_START
from .tiff_directories import MAX_ENTRIES, Directory, TiffFile

# TIFF's types -> bytes a value, of those that `TYPES` in tiff_directories.py lacks: fractions and floats.
FRACTIONS = {5: 8, 10: 8, 11: 4, 12: 8}
WHOLE = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
VALUE_BYTES = WHOLE | FRACTIONS
WIDTH, LENGTH, SAMPLES, TILE_WIDTH, TILE_LENGTH = 256, 257, 277, 322, 323
# Offsets and lengths of strips, and of tiles.
STRIPS, TILES = (273, 279), (324, 325)
# Each takes Pillow 3 µs. Some writers name a few more than there are; tiles of 16 × 16 pixels are the smallest.
SPARE_PARTS, MOST_PARTS = 1000, 400_000
# Pixels of tiles that lie outside of the picture: they are decoded all the same. Tiles of 256 to 512 pixels a side are
# usual, and a small picture may lie in one that is larger.
MOST_TILE_PIXELS, MOST_TILED_SHARE = 1 << 22, 4
BMP_RUN_LENGTHS = (1, 2)
# Two bytes make at most 255 pixels. A code that moves down writes up to 255 rows at once.
MOST_RUN_PIXELS, MOST_RUN_WIDTH = 128, 1 << 15


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height by a WebP file's first 30 bytes; None if they don't tell.

    Pillow's reader takes 8 bytes a pixel before it tells. Source: RFC 9649.
    """
    kind = head[12:16]
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def check_bmp(head: bytes, num_bytes: int) -> None:
    """Checks a BMP file whose pixels are run lengths.

    Args:
        head: the first 34 bytes or more.
        num_bytes: of the file.

    Raises:
        OSError: it has far more pixels than so many bytes can make, or rows longer than any photo's.
    """
    if len(head) < 34 or int.from_bytes(head[14:18], "little") < 40:
        return
    width, height = struct.unpack("<ii", head[18:26])
    if int.from_bytes(head[30:34], "little") not in BMP_RUN_LENGTHS:
        return
    if abs(width) > MOST_RUN_WIDTH or abs(width * height) > num_bytes * MOST_RUN_PIXELS:
        raise OSError("the runs cannot make so many pixels")


def check_tiff(tiff: TiffFile, directory: Directory) -> None:
    """Checks a TIFF's directory; Pillow reads the values of all its tags, and libtiff decodes whole tiles.

    Raises:
        OSError: the tags have more bytes than the file; there are more strips or tiles than the picture can have; the
            tiles have far more pixels than the picture; or the JPEG data in it has too many scans.
    """
    num_bytes = tiff.file.size()
    if len(directory.entries) >= MAX_ENTRIES:
        raise OSError(f"the file has {MAX_ENTRIES} tags or more")
    if sum(entry.count * VALUE_BYTES.get(entry.type, 0) for entry in directory.entries) > 2 * num_bytes + (1 << 16):
        raise OSError("the tags have more bytes than the file")
    width, height = tiff.value(directory, WIDTH), tiff.value(directory, LENGTH)
    decoded, num_parts = width * height, height
    if tile_width := tiff.value(directory, TILE_WIDTH):
        tile_height = max(tiff.value(directory, TILE_LENGTH), 1)
        num_parts = ceil(width / tile_width) * ceil(height / tile_height)
        decoded = num_parts * tile_width * tile_height
        if decoded > MOST_TILED_SHARE * width * height + MOST_TILE_PIXELS:
            raise OSError("the tiles have far more pixels than the picture")
    most_parts = min(num_parts * max(tiff.value(directory, SAMPLES), 1), MOST_PARTS) + SPARE_PARTS
    if any(entry.count > most_parts for entry in directory.entries if entry.tag in STRIPS + TILES):
        raise OSError("there are more strips or tiles than the picture can have")
    if decoded * _most_scans(tiff, directory) > MAX_SCANNED_PIXELS:
        raise OSError("the JPEG data has too many scans")


def _most_scans(tiff: TiffFile, directory: Directory) -> int:
    """The scans of the first strips or tiles, where they are JPEG data."""
    most = 1
    for offsets, lengths in (STRIPS, TILES):
        places = zip(tiff.values(directory, offsets), tiff.values(directory, lengths), strict=False)
        for place, length in dict.fromkeys(places):
            part = (place, min(place + length, tiff.file.size()))
            if place < part[1] and tiff.file.read_at(place, 2) == JPEG_START:
                most = max(most, read_jpeg(PhotoFile(Parts(tiff.file, [part]))).num_scans)
    return most


__all__ = ["check_bmp", "check_tiff", "webp_size"]
