"""Small files that ask for much: giant sizes, pixels without end, scans, chunks and frames by the thousand."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from functools import cache

import numpy as np
from PIL import Image

from .inputs import odd_exif

# As large as the opener takes; over it nothing is decoded.
LARGEST_WH = (9216, 9216)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size_wh: tuple[int, int], *chunks: bytes, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """A PNG with this header and these chunks."""
    header = struct.pack(">IIBBBBB", *size_wh, depth, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks) + png_chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """So many zeros, deflated."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join((*parts, packer.compress(bytes(count & ((1 << 20) - 1))), packer.flush()))


def progressive_jpeg(size_wh: tuple[int, int], scans: int) -> bytes:
    """A grey progressive JPEG whose scans each say, in a few bytes, that nothing changes in all its blocks.

    libjpeg walks over every block once a scan: the time is blocks × scans, whatever the size of the file.
    """
    width, height = size_wh
    start = io.BytesIO()
    Image.new("L", (8, 8), 128).save(start, "JPEG")
    tables = start.getvalue()
    quantisation = tables[tables.index(b"\xff\xdb") :]
    quantisation = quantisation[: 2 + struct.unpack(">H", quantisation[2:4])[0]]
    frame = b"\xff\xc2" + struct.pack(">HBHHBBBB", 11, 8, height, width, 1, 1, 0x11, 0)
    # One code: "the band ends here for 2^14 blocks and more", with fourteen bits that say how many more.
    one_code = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes([1] + [0] * 15) + b"\xe0"
    dc_code = b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + bytes([1] + [0] * 15) + b"\x00"
    blocks = -(-width // 8) * -(-height // 8)
    first = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x00, 0, 0, 0) + bytes(-(-blocks // 8))
    runs, bits = -(-blocks // (2**15 - 1)), ""
    for _ in range(runs):
        bits += "0" + "1" * 14
    bits += "1" * (-len(bits) % 8)
    packed = bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x00, 1, 63, 0) + packed
    return b"\xff\xd8" + quantisation + frame + dc_code + one_code + first + scan * scans + b"\xff\xd9"


def _file(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _tiff_of(entries: list[tuple[int, int, int, int]], rest: bytes = b"") -> bytes:
    """A little-endian TIFF with one directory of `(tag, type, count, value)` and whatever follows it."""
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + rest


@cache
def bombs() -> dict[str, bytes]:
    """Name -> file; every one is quick to make and small."""
    much = zeros(70 << 20)
    wide = {"wide": (2**31 - 1, 1), "high": (1, 2**31 - 1), "square": (65535, 65535), "over": (9216, 9224)}
    made = {f"png header {name}": png(size_wh, png_chunk(b"IDAT", zeros(1000))) for name, size_wh in wide.items()}
    made |= {
        "png more pixels than said": png((100, 100), png_chunk(b"IDAT", much)),
        "png no pixels": png((0, 0)),
        "png interlaced, cut": png((4000, 4000), png_chunk(b"IDAT", zeros(100)), interlace=1),
        "png text that unpacks to 70 MB": png(
            (10, 10), png_chunk(b"zTXt", b"Comment\0\0" + much), png_chunk(b"IDAT", zeros(310))
        ),
        "png profile that unpacks to 70 MB": png(
            (10, 10), png_chunk(b"iCCP", b"icc\0\0" + much), png_chunk(b"IDAT", zeros(310))
        ),
        "png of 100,000 chunks": png((10, 10), png_chunk(b"tEXt", b"a\0b") * 100_000, png_chunk(b"IDAT", zeros(310))),
        "png of 200,000 private chunks": png(
            (10, 10), png_chunk(b"prVt", b"abc") * 200_000, png_chunk(b"IDAT", zeros(310))
        ),
        "apng of four billion frames": png(
            (10, 10), png_chunk(b"acTL", struct.pack(">II", 2**32 - 1, 0)), png_chunk(b"IDAT", zeros(310))
        ),
        "gif of 65,535 pixels a side": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b";",
        "gif of 100,000 extensions": b"GIF89a"
        + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0)
        + bytes(6)
        + b"!\xfe\x01a\0" * 100_000
        + b",\0\0\0\0\x08\0\x08\0\0\x02\x02\x44\x01\0;",
        "bmp of 2^31 rows": b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 9, -(2**31), 1, 24, 0, 0, 0, 0, 0, 0),
        "bmp of runs": b"BM"
        + struct.pack("<IIIIiiHHIIiiII", 1078, 0, 1078, 40, 9000, 9000, 1, 8, 1, 0, 0, 0, 0, 0)
        + bytes(1024)
        + b"\xff\0" * 40_000,
        "webp of 16,383 pixels a side": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0",
        "tiff of four billion rows": _tiff_of(
            [(256, 4, 1, 9), (257, 4, 1, 2**32 - 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
        ),
        "tiff of four billion strips": _tiff_of(
            [(256, 4, 1, 99), (257, 4, 1, 99), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 2**32 - 1, 8)]
        ),
        "tiff whose directory is its own next": b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 4, 1, 9, 8),
        "jpeg of 65,500 pixels a side": b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\x01\x01\x11\0\xff\xd9",
        "jpeg of 500 scans": progressive_jpeg((2048, 2048), 500),
        "jpeg of 300 comments": b"\xff\xd8"
        + (b"\xff\xfe\xff\xff" + bytes(65533)) * 300
        + _file(Image.new("RGB", (9, 9)), "JPEG")[2:],
        "jpeg of fill bytes": b"\xff\xd8" + b"\xff" * 10_000_000,
        "zeros": bytes(5_000_000),
    }
    return made


def large_photos() -> dict[str, bytes]:
    """As large as is taken, in the modes and formats that cost most; slow to make."""
    grey = Image.new("L", LARGEST_WH, 90)
    turned = {"exif": odd_exif(5)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "jpeg turned": _file(grey.convert("RGB"), "JPEG", **turned),
            "jpeg cmyk": _file(Image.new("CMYK", LARGEST_WH, 30), "JPEG", **turned),
            "jpeg progressive": _file(grey.convert("RGB"), "JPEG", progressive=True, **turned),
            "jpeg of 200 scans": progressive_jpeg(LARGEST_WH, 200),
            "png transparent": _file(Image.new("RGBA", LARGEST_WH, (9, 9, 9, 9)), "PNG", compress_level=1, **turned),
            "png grey and alpha": _file(Image.new("LA", LARGEST_WH, (9, 9)), "PNG", compress_level=1, **turned),
            "png 16 bits": _file(
                Image.fromarray(np.full(LARGEST_WH[::-1], 999, np.uint16)), "PNG", compress_level=1, **turned
            ),
            "png palette, transparent": _file(
                grey.convert("P"), "PNG", transparency=bytes(range(256)), compress_level=1, **turned
            ),
            "tiff float": _file(
                Image.fromarray(np.full(LARGEST_WH[::-1], -7e8, np.float32)),
                "TIFF",
                compression="tiff_lzw",
                tiffinfo={274: 5},
            ),
            "webp": _file(grey.convert("RGB"), "WEBP", method=0, quality=1, **turned),
            "gif": _file(grey, "GIF"),
            "bmp": _file(grey, "BMP"),
        }
