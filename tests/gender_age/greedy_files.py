"""Small files that ask their reader for far more memory or time than their picture needs, each of a kind of its own."""

from __future__ import annotations

import struct
import zlib
from functools import cache

from tests.robustness.bombs import png, png_chunk, progressive_jpeg, zeros

from .pictures import encoded, picture

TIFF_BASE = ((256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1))


def tiff(entries, rest=b""):
    """A little-endian TIFF with one directory of `(tag, type, count, value)`, and what follows it."""
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + rest


def tags(count, kind=1, values=100_000):
    """A TIFF whose tags all have the same 100 kB for a value."""
    strips = ((259, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, 64), (279, 4, 1, 4096))
    entries = [*TIFF_BASE, *strips, *((1000 + number, kind, values, 0) for number in range(count))]
    return tiff(entries, bytes(100_000))


def strips(count, height):
    """A TIFF of so many rows that names so many strips."""
    entries = [
        (256, 4, 1, 1),
        (257, 4, 1, height),
        *TIFF_BASE[2:],
        (259, 3, 1, 1),
        (273, 4, count, 8),
        (278, 4, 1, 1),
        (279, 4, count, 8),
    ]
    return tiff(entries, bytes(4 * count))


def tiles(size_wh, tile_wh, count, compression, data):
    """A TIFF whose tiles are all the same data."""
    start = 8 + 2 + 12 * 11 + 4
    places = (start, start + 4 * count) if count > 1 else (start, len(data))
    entries = [
        (256, 4, 1, size_wh[0]),
        (257, 4, 1, size_wh[1]),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (284, 3, 1, 1),
        (322, 4, 1, tile_wh[0]),
        (323, 4, 1, tile_wh[1]),
        (324, 4, count, places[0]),
        (325, 4, count, places[1]),
    ]
    if count == 1:
        return tiff(entries, data)
    return tiff(entries, struct.pack(f"<{2 * count}I", *[start + 8 * count] * count, *[len(data)] * count) + data)


def bmp(size_wh, codes, bits=8, compression=1):
    """A BMP of run lengths."""
    palette = bytes(4 << bits)
    header = struct.pack("<IiiHHIIiiII", 40, *size_wh, 1, bits, compression, len(codes), 0, 0, 0, 0)
    return b"BM" + struct.pack("<III", 54 + len(palette) + len(codes), 0, 54 + len(palette)) + header + palette + codes


def webp(size_wh, more=0):
    """A lossless WebP of one colour, and so many bytes behind it."""
    size = struct.pack("<I", size_wh[0] - 1 | size_wh[1] - 1 << 14 | 1 << 28)
    data = b"\x2f" + size + bytes.fromhex("07508154082000" + "0a9a92c58888fe07")
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)
    chunk += b"JUNK" + struct.pack("<I", more) + bytes(more) if more else b""
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def wide_webp():
    """An animated WebP whose canvas is 16 million pixels wide."""
    frame = bytes(6) + (299).to_bytes(3, "little") + (0).to_bytes(3, "little") + bytes(4) + webp((300, 1))[12:]
    parts = ((b"VP8X", b"\x12\0\0\0\xff\xff\xff\0\0\0"), (b"ANIM", bytes(6)), (b"ANMF", frame), (b"JUNK", bytes(1700)))
    body = b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@cache
def known_files():
    """Name -> file of a kind that the cheap checks know, and that is refused."""
    jpeg = encoded(picture((64, 64)).convert("L"), "JPEG")
    packed = zlib.compress(bytes(1 << 20), 9)
    return {
        **{f"{count} tags of type {kind}.tif": tags(count, kind) for count in (30, 900, 60_000) for kind in (1, 2)},
        **{f"{count} tags of fractions.tif": tags(count, 5, 12_500) for count in (30, 900)},
        "500,000 strips.tif": strips(500_000, 64),
        "500,000 rows.tif": strips(500_000, 500_000),
        "one large JPEG tile.tif": tiles((64, 64), (4096, 4096), 1, 7, jpeg),
        "324 large JPEG tiles.tif": tiles((64, 324 * 4096), (4096, 4096), 324, 7, jpeg),
        "a deflated tile of 2 GB.tif": tiles((64, 64), (32768, 65520), 1, 8, packed),
        "a packed tile of 2 GB.tif": tiles((64, 64), (32768, 65520), 1, 32773, b"\x81\0" * 1000),
        "tiles of many scans.tif": tiles((8192, 8192), (1024, 1024), 64, 7, progressive_jpeg((1024, 1024), 60)),
        "delta.bmp": bmp((10_000_000, 1), b"\0\2\0\x96"),
        "end of line.bmp": bmp((84_000_000, 1), b"\1\0\0\0\0\1"),
        "four bits.bmp": bmp((8000, 8000), b"\0\2\xff\xff" * 200, 4, 2),
        "lossless.webp": webp((9200, 9200)),
        "flat.webp": webp((16383, 5180)),
        "wide canvas.webp": wide_webp(),
        "500 scans.jpg": progressive_jpeg((2000, 2000), 500),
    }


@cache
def unknown_files():
    """Name -> file that the checks let through: a picture, or not."""
    exif = png_chunk(b"zTXt", b"Raw profile type exif\0\0" + zeros(8 << 20))
    return {
        "just not blank.webp": webp((9200, 9200), 9000),
        "not large.webp": webp((3999, 4000)),
        "unpacks to 8 MB.png": png((10, 10), exif, png_chunk(b"IDAT", zeros(310))),
        "all of one colour.png": png((9000, 9000), png_chunk(b"IDAT", zeros(9000 * 27001))),
        "interlaced and cut.png": png((9000, 9000), png_chunk(b"IDAT", zeros(100_000)), interlace=1),
        "moves down.bmp": bmp((32_000, 2600), b"\0\2\xff\xff" * 180_000),
        "30 scans.jpg": progressive_jpeg((9000, 9000), 30),
        "a large tile.tif": tiles((64, 64), (2048, 2048), 1, 8, zlib.compress(bytes(1 << 22), 9)),
    }
