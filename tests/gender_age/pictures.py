"""Small files of odd kinds that Pillow does not write, for the tests of the opener."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
RED, BLUE = (255, 0, 0), (0, 0, 255)

# Columns of the primaries in the profile connection space, of Display P3 and Adobe RGB (1998).
PRIMARIES = {
    "srgb": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    "p3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "adobe": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
}


def picture(size_wh=(60, 40)):
    """Blue with a red patch in the upper left corner, so that orientation shows."""
    image = Image.new("RGB", size_wh, BLUE)
    image.paste(RED, (0, 0, size_wh[0] // 3, size_wh[1] // 3))
    return image


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def is_upright(image):
    """Whether it is `picture()`, within what compression changes."""
    left, right, below = (np.array(image.getpixel(place), int) for place in ((4, 4), (55, 35), (4, 35)))
    near = [np.abs(a - b).max() < 45 for a, b in ((left, RED), (right, BLUE), (below, BLUE))]
    return image.size == (60, 40) and image.mode == "RGB" and all(near)


def profile(primaries="srgb", gamma=None, order="rgb"):
    """A display profile: these primaries in this order, with one gamma or sRGB's own curve."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    columns = dict(zip(order, PRIMARIES[primaries], strict=True))
    for number in range(struct.unpack_from(">I", made, 128)[0]):
        name, place, _ = struct.unpack_from(">4sII", made, 132 + 12 * number)
        if name[1:] == b"XYZ" and name[:1] in b"rgb":
            made[place + 8 : place + 20] = b"".join(struct.pack(">i", round(v * 65536)) for v in columns[chr(name[0])])
        if gamma and name == b"rTRC":
            struct.pack_into(">4sIIH", made, place, b"curv", 0, 1, round(gamma * 256))
    return bytes(made)


def grey_profile(gamma):
    """A profile for grey pictures."""
    white = b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in (0.9642, 1.0, 0.8249))
    curve = struct.pack(">4sIIHxx", b"curv", 0, 1, round(gamma * 256))
    start = 128 + 4 + 2 * 12
    table = (
        struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", start, 20) + struct.pack(">4sII", b"kTRC", start + 20, 16)
    )
    size = start + len(white) + len(curve)
    head = struct.pack(">I4sI4s4s4s12x4s", size, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp")
    head += bytes(28) + white[8:20]
    return head.ljust(128, b"\0") + table + white + curve


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png, *chunks, at_end=False):
    """The PNG with more chunks, before its pixels or behind them."""
    place = png.index(b"IEND") - 4 if at_end else 33
    return png[:place] + b"".join(png_chunk(kind, data) for kind, data in chunks) + png[place:]


def exif_with(kind, *values, order=">", tag=274):
    """EXIF with one tag of this type: 1 BYTE, 2 ASCII, 3 SHORT, 4 LONG."""
    letter = {1: "B", 2: "B", 3: "H", 4: "I"}[kind]
    data = struct.pack(f"{order}{len(values)}{letter}", *values)
    start = {">": b"MM", "<": b"II"}[order] + struct.pack(order + "HI", 42, 8)
    field = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(order + "I", 26)
    entry = struct.pack(order + "HHI", tag, kind, len(values)) + field
    return start + struct.pack(order + "H", 1) + entry + bytes(4) + (data if len(data) > 4 else b"")


def tiff(*directories, data=b"", order="<"):
    """A TIFF of directories `{tag: number, or numbers, or ("sub", number of a directory)}` in a chain.

    Numbers are LONGs. `data` stands from byte 8 on. A directory under key "inside" is left out of the chain.
    """
    place = 8 + len(data) + len(data) % 2
    places = []
    for tags in directories:
        places.append(place)
        place += (
            2
            + 12 * len([tag for tag in tags if tag != "inside"])
            + 4
            + 4
            * sum(
                len(value)
                for value in tags.values()
                if isinstance(value, tuple) and value[0] != "sub" and len(value) > 1
            )
        )
    chain = [number for number, tags in enumerate(directories) if "inside" not in tags]
    body = data.ljust(len(data) + len(data) % 2, b"\0")
    for number, tags in enumerate(directories):
        entries, extra = b"", b""
        tags = {tag: value for tag, value in tags.items() if tag != "inside"}
        extra_place = places[number] + 2 + 12 * len(tags) + 4
        for tag, value in sorted(tags.items()):
            if isinstance(value, tuple) and value[0] == "sub":
                value = places[value[1]]
            values = value if isinstance(value, tuple) else (value,)
            packed = struct.pack(f"{order}{len(values)}I", *values)
            if len(values) > 1:
                extra, packed = extra + packed, struct.pack(order + "I", extra_place + len(extra))
            entries += struct.pack(order + "HHI", tag, 4, len(values)) + packed
        later = [places[other] for other in chain if other > number and number in chain]
        body += (
            struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", later[0] if later else 0) + extra
        )
    return {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, places[0]) + body


def rgb_tags(size_wh, place, **more):
    """The tags of an uncompressed RGB picture."""
    width, height = size_wh
    tags = {256: width, 257: height, 258: (8, 8, 8), 259: 1, 262: 2, 273: place, 277: 3, 278: height}
    return tags | {279: width * height * 3} | {int(tag[1:]): value for tag, value in more.items()}
