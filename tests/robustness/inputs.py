"""Inputs for the fuzzers: valid files of every kind that Pillow writes, and what a number makes of them.

Everything follows from a number, so that a finding is a number: `mutated(4711)` is the same bytes on every machine with
the same Pillow.
"""

from __future__ import annotations

import io
import random
import struct
import warnings
from functools import cache

import numpy as np
from PIL import ExifTags, Image, ImageSequence

SIZE_WH = (48, 36)
# What a forged field of a header says.
EXTREMES = (0, 1, 2, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
# (format, mode, options): what photos come in, in all the ways that Pillow writes it.
PHOTO_KINDS = (
    *(("JPEG", mode, {}) for mode in ("1", "L", "RGB", "CMYK", "YCbCr")),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "RGB", {"subsampling": 0, "optimize": True, "dpi": (300, 300), "comment": b"a comment"}),
    ("JPEG", "RGB", {"restart_marker_blocks": 2, "icc_profile": bytes(range(256)) * 4}),
    *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "P", {"transparency": bytes(range(0, 256, 4))}),
    ("PNG", "L", {"transparency": 7}),
    ("PNG", "RGB", {"transparency": (1, 2, 3)}),
    ("PNG", "RGB", {"save_all": True}),
    *(("WEBP", mode, {}) for mode in ("RGB", "RGBA")),
    ("WEBP", "RGBA", {"lossless": True}),
    ("WEBP", "RGBA", {"save_all": True}),
    *(("GIF", mode, {}) for mode in ("1", "L", "P")),
    ("GIF", "P", {"transparency": 3, "interlace": 1}),
    ("GIF", "P", {"save_all": True, "disposal": 2}),
    *(("BMP", mode, {}) for mode in ("1", "L", "P", "RGB", "RGBA")),
    *(("TIFF", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F")),
    *(("TIFF", "RGB", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
    *(("TIFF", "1", {"compression": name}) for name in ("group3", "group4", "tiff_ccitt")),
    ("TIFF", "RGB", {"save_all": True}),
    ("TIFF", "F", {"compression": "tiff_lzw"}),
    *(("AVIF", mode, {"speed": 10}) for mode in ("RGB", "RGBA")),
    # Without EXIF: with it, Pillow 12.3's encoder of AVIF animations ends the process.
    ("AVIF", "RGB", {"speed": 10, "save_all": True, "exif": b""}),
)
# What nobody's photo comes in; the opener has to refuse it, damaged or not.
OTHER_FORMATS = "BLP DDS EPS ICNS ICO IM JPEG2000 MSP PALM PCX PDF PPM QOI SGI SPIDER TGA XBM".split()  # noqa: SIM905


def picture(mode: str = "RGB", size_wh: tuple[int, int] = SIZE_WH, seed: int = 0) -> Image.Image:
    """A smooth picture with noise, in any mode that a file may have."""
    width, height = size_wh
    generator = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 200, width), np.linspace(0, 200, height))
    pixels = np.stack([x, y, (x + y) / 2], axis=2) + generator.integers(0, 40, (height, width, 3))
    image_rgb = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if mode == "I;16":
        return Image.fromarray((pixels[..., 0] * 250).astype(np.uint16))
    if mode in ("I", "F"):
        return Image.fromarray((pixels[..., 0] * 1000 - 9000).astype(np.int32 if mode == "I" else np.float32))
    if mode in ("LA", "RGBA"):
        image_rgb.putalpha(Image.fromarray(pixels[..., 0].clip(0, 255).astype(np.uint8)))
    if mode == "LAB":
        return Image.merge("LAB", image_rgb.split())
    return image_rgb.convert(mode)


def saved(kind: str, mode: str = "RGB", options: dict | None = None, size_wh: tuple[int, int] = SIZE_WH) -> bytes:
    """A file of this format."""
    options = dict(options or {})
    if options.get("save_all"):
        options["append_images"] = [picture(mode, size_wh, seed) for seed in (1, 2)]
        options.setdefault("duration", 50)
    if kind in ("JPEG", "PNG", "WEBP", "AVIF") and "exif" not in options:
        options["exif"] = odd_exif(6)
    elif kind == "TIFF":
        options["tiffinfo"] = {ExifTags.Base.Orientation: 6}
    stream = io.BytesIO()
    picture(mode, size_wh).save(stream, kind, **options)
    return stream.getvalue()


def odd_exif(orientation: object) -> bytes:
    """EXIF as cameras and editors leave it, with any value for the orientation that can be written."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif.tobytes()


@cache
def valid_files() -> tuple[tuple[str, bytes], ...]:
    """`(suffix, bytes)` of every kind of photo, and of the formats that are none."""
    files = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files += [(kind.lower(), saved(kind, mode, options)) for kind, mode, options in PHOTO_KINDS]
        for orientation in (0, 1, 2, 3, 4, 5, 7, 8, 9, 65535):
            files.append(("jpeg", saved("JPEG", options={"exif": odd_exif(orientation)})))
        for kind in OTHER_FORMATS:
            mode = {"MSP": "1", "XBM": "1", "PALM": "1", "SPIDER": "F"}.get(kind, "RGB")
            mode = "P" if kind == "BLP" else mode
            stream = io.BytesIO()
            picture(mode, (32, 32)).save(stream, kind)
            files.append((kind.lower(), stream.getvalue()))
    return tuple(files)


def mutated(number: int) -> tuple[str, bytes]:
    """The input with this number: suffix and bytes."""
    generator = random.Random(number)
    files = valid_files()
    suffix, data = files[number % len(files)]
    data = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 3, 5))):
        generator.choice(MUTATIONS)(generator, data)
    return suffix, bytes(data)


def _change_bytes(generator: random.Random, data: bytearray) -> None:
    for _ in range(generator.randint(1, 8)):
        if data:
            data[generator.randrange(len(data))] = generator.choice((0, 0xFF, 0x7F, generator.randrange(256)))


def _change_header(generator: random.Random, data: bytearray) -> None:
    for _ in range(generator.randint(1, 4)):
        if data:
            data[generator.randrange(min(len(data), 64))] = generator.randrange(256)


def _cut(generator: random.Random, data: bytearray) -> None:
    del data[generator.randint(0, len(data)) :]


def _take_out(generator: random.Random, data: bytearray) -> None:
    start = generator.randint(0, len(data))
    del data[start : start + generator.randint(1, 200)]


def _insert(generator: random.Random, data: bytearray) -> None:
    place = generator.randint(0, len(data))
    data[place:place] = generator.choice((generator.randbytes(generator.randint(1, 300)), bytes(500), b"\xff" * 200))


def _swap(generator: random.Random, data: bytearray) -> None:
    """Two parts of the file change places."""
    length = generator.randint(1, max(1, len(data) // 4))
    first, second = (generator.randint(0, max(0, len(data) - length)) for _ in range(2))
    one, other = bytes(data[first : first + length]), bytes(data[second : second + length])
    if len(one) == len(other):
        data[first : first + length], data[second : second + length] = other, one


def _repeat(generator: random.Random, data: bytearray) -> None:
    start = generator.randint(0, len(data))
    part = bytes(data[start : start + generator.randint(1, 400)])
    data[start:start] = part * generator.randint(1, 20)


def _forge_number(generator: random.Random, data: bytearray) -> None:
    """A number of the file, such as a width, an offset or a count, becomes an extreme one."""
    value = generator.choice(EXTREMES)
    layout = generator.choice(("<I", ">I")) if value > 65535 else generator.choice(("<H", ">H", "<I", ">I"))
    packed = struct.pack(layout, value)
    end = len(data) if generator.random() < 0.5 else min(len(data), 200)
    place = generator.randint(0, max(0, end - len(packed)))
    data[place : place + len(packed)] = packed


def _other_end(generator: random.Random, data: bytearray) -> None:
    """The rest of the file is another file's."""
    _, other = generator.choice(valid_files())
    place = generator.randint(0, len(data))
    data[place:] = other[generator.randint(0, len(other)) :]


MUTATIONS = (
    _change_bytes,
    _change_bytes,
    _change_header,
    _cut,
    _take_out,
    _insert,
    _swap,
    _repeat,
    _forge_number,
    _forge_number,
    _other_end,
)


def frames_of(data: bytes) -> int:
    """How many pictures a file holds; tells an animated one."""
    with Image.open(io.BytesIO(data)) as image:
        return sum(1 for _ in ImageSequence.Iterator(image))
