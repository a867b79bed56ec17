"""Files whose structure is right and whose numbers are not: TIFF directories, BMP, PNG and WebP headers, JPEG frames.

A mutated file is mostly refused by its first bytes. Here, sizes, counts, types and places are drawn from those that
readers stumble over, checksums are right, and the data behind them is short. Everything follows from a number, as in
inputs.py.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache

from PIL import Image

from .bombs import png, png_chunk, progressive_jpeg
from .inputs import EXTREMES

SIDES = (1, 7, 64, 500, 4000, 9216, 16383, 32767, 65535, 85_000_000)
TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 12: 8, 16: 8}


def structured(number: int) -> tuple[str, bytes]:
    """Suffix and bytes of one file."""
    draw = random.Random(number)
    suffix = draw.choice(sorted(MAKERS))
    return suffix, MAKERS[suffix](draw)


@cache
def _data() -> dict[str, bytes]:
    """What stands where pixels should be."""
    jpeg = io.BytesIO()
    Image.new("L", (4096, 4096)).save(jpeg, "JPEG")
    return {
        "zeros": zlib.compress(bytes(1 << 22), 9),
        "jpeg": jpeg.getvalue(),
        "scans": progressive_jpeg((1024, 1024), 90),
        "runs": b"\x81\0" * 500 + b"\xff\1\0\2\xff\xff\0\0" * 500,
        "codes": b"\0\2\xff\xff" * 2000,
        "nothing": b"",
    }


def _side(draw: random.Random) -> int:
    return draw.choice(SIDES) if draw.random() < 0.8 else draw.choice(EXTREMES)


def _size_wh(draw: random.Random) -> tuple[int, int]:
    """Mostly one that is accepted, so that there is something to decode."""
    width = _side(draw)
    return width, _side(draw) if draw.random() < 0.3 else max(1, min(9216, 84_000_000 // max(width, 1)))


def _tiff(draw: random.Random) -> bytes:
    order = draw.choice("<>")
    data = draw.choice(list(_data().values()))
    width, height = _size_wh(draw)
    size, start = struct.calcsize("HHII"), 8 + 2 + 40 * 12
    count = draw.choice((1, 1, 2, 30, 400))
    pieces = struct.pack(f"{order}{count}I", *[start + 8 * count] * count) + struct.pack(
        f"{order}{count}I", *[len(data)] * count
    )
    places = (start, start + 4 * count) if count > 1 else (start + 8, len(data))
    compression = draw.choice((1, 5, 7, 8, 32773, 4, 3, 2))
    entries = {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, draw.choice((1, 8, 8, 8, 16, 32, 64))),
        259: (3, 1, compression),
        262: (3, 1, draw.choice((0, 1, 1, 1, 2, 3, 5, 6))),
        277: (3, 1, draw.choice((1, 1, 1, 3, 4, 255))),
    }
    if draw.random() < 0.5:
        entries |= {322: (4, 1, _side(draw)), 323: (4, 1, _side(draw)), 324: (4, count, 0), 325: (4, count, 0)}
    else:
        entries |= {278: (4, 1, draw.choice((1, height, 2**32 - 1))), 273: (4, count, 0), 279: (4, count, 0)}
    for offsets, lengths in ((273, 279), (324, 325)):
        if offsets in entries:
            entries |= {offsets: (4, count, places[0]), lengths: (4, count, places[1])}
    for _ in range(draw.choice((0, 0, 3, 20))):
        entries[draw.randrange(300, 60_000)] = (draw.choice(list(TIFF_SIZES)), draw.choice(EXTREMES), 0)
    if draw.random() < 0.3:
        tag = draw.choice(list(entries))
        entries[tag] = (draw.choice(list(TIFF_SIZES)), draw.choice((1, *EXTREMES)), draw.choice(EXTREMES))
    packed = b""
    for tag, (kind, values, value) in sorted(entries.items())[:40]:
        field = struct.pack(order + "I", value % 2**32)
        if kind == 3 and values == 1:
            field = struct.pack(order + "HH", value % 2**16, 0)
        packed += struct.pack(order + "HHI", tag % 2**16, kind, values % 2**32) + field
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IH", 8, len(packed) // size)
    return head + packed + bytes(start - len(head) - len(packed)) + pieces + data


def _bmp(draw: random.Random) -> bytes:
    width, height = (side % 2**31 for side in _size_wh(draw))
    bits, compression = draw.choice((1, 4, 8, 8, 16, 24, 32)), draw.choice((0, 1, 1, 2, 3))
    data = draw.choice(list(_data().values())) * draw.choice((1, 50))
    colours = draw.choice((0, 2, 256))
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, draw.choice((1, -1)) * height, 1, bits, compression, 0, 0, 0, colours, 0
    )
    palette = bytes(4 * (colours or 1 << min(bits, 8)))
    return b"BM" + struct.pack("<III", 54 + len(palette) + len(data), 0, 54 + len(palette)) + header + palette + data


def _png(draw: random.Random) -> bytes:
    width, height = (min(side, 2**31 - 1) for side in _size_wh(draw))
    zeros = zlib.compress(bytes(draw.choice((1000, 1 << 20, 1 << 24))), 9)
    kinds = [b"zTXt", b"iTXt", b"tEXt", b"iCCP", b"eXIf", b"tRNS", b"PLTE", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"prVt"]
    starts = [
        b"",
        b"Raw profile type exif\0\0",
        b"XML:com.adobe.xmp\0\1\0\0\0",
        b"icc\0\0",
        struct.pack(">II", 2**31 - 1, 0),
    ]
    chunks = [
        png_chunk(draw.choice(kinds), draw.choice(starts) + draw.choice((zeros, b"", bytes(30))))
        for _ in range(draw.choice((0, 1, 5, 60)))
    ]
    depth, colour = draw.choice(((8, 2), (8, 6), (16, 2), (16, 6), (8, 3), (1, 0), (16, 0), (8, 4)))
    return png(
        (width, height), *chunks, png_chunk(b"IDAT", zeros), depth=depth, colour=colour, interlace=draw.randrange(2)
    )


def _webp(draw: random.Random) -> bytes:
    width, height = (min(max(side, 1), 16383) for side in _size_wh(draw))
    size = struct.pack("<I", width - 1 | height - 1 << 14 | draw.randrange(2) << 28)
    picture = b"\x2f" + size + bytes.fromhex("075081540820000a9a92c58888fe07")
    lossy = b"\x30\1\0\x9d\1\x2a" + struct.pack("<HH", width, height) + bytes(40)
    canvas = bytes([draw.choice((0, 2, 0x12, 0x3E))]) + bytes(3)
    canvas += struct.pack("<I", draw.choice((width, 10, 1 << 24)) - 1)[:3]
    canvas += struct.pack("<I", draw.choice((height, 10, 1 << 24)) - 1)[:3]
    frame = bytes(6) + size[:3] + struct.pack("<I", height)[:3] + bytes(4) + _chunk(b"VP8L", picture)
    parts = {
        "still": _chunk(b"VP8L", picture),
        "lossy": _chunk(b"VP8 ", lossy),
        "large": _chunk(b"VP8X", canvas) + _chunk(b"VP8L", picture),
        "animated": _chunk(b"VP8X", canvas) + _chunk(b"ANIM", bytes(6)) + _chunk(b"ANMF", frame) * 30,
    }
    body = draw.choice(list(parts.values())) + _chunk(b"JUNK", bytes(draw.choice((0, 100, 9000))))
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def _jpeg(draw: random.Random) -> bytes:
    width, height = (max(8, min(side, 9216)) for side in _size_wh(draw))
    data = bytearray(progressive_jpeg((64, 64), draw.choice((1, 5, 30, 99))))
    frame = data.index(b"\xff\xc2")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    if draw.random() < 0.5:
        data[frame + 11] = draw.choice((0x11, 0x44, 0x14, 0x41, 0x00, 0xFF))
    if draw.random() < 0.3:
        data[frame + 1] = draw.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA))
    return bytes(data)


MAKERS = {"tif": _tiff, "bmp": _bmp, "png": _png, "webp": _webp, "jpg": _jpeg}
