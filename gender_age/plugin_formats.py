"""Photos that packages beside Pillow read: HEIC (pillow-heif) and JPEG XL (pillow-jxl-plugin).

Neither is registered with Pillow, whose plugins belong to the whole process.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from .photo_file import PhotoFile

JXL_CODESTREAM = b"\xff\x0a"
JXL_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
MAX_BOXES = 100
# Width to height, by the code in a JPEG XL's size header.
RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
LARGE_SIZE_BITS = (9, 13, 18, 30)


class MissingPackageError(Exception):
    """A package that reads this format is not installed. The message is the sentence's end."""


def open_heif(file: PhotoFile) -> Image.Image:
    """The main picture of a HEIC file; its pixels are decoded by `load`, turned as the file says.

    Raises:
        MissingPackageError: pillow-heif is not installed.
        SyntaxError: the file is damaged, or of a kind that libheif cannot read.
    """
    try:
        from pillow_heif import options
        from pillow_heif.as_plugin import HeifImageFile
    except ImportError:
        raise MissingPackageError(_missing("a HEIC photo", "pillow-heif")) from None
    # The picture alone, and no threads: many photos are opened side by side. These options are those of the process.
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    options.DECODE_THREADS = 1
    return HeifImageFile(file)


def read_jxl(file: PhotoFile, check: Callable[[tuple[int, int]], None]) -> tuple[Image.Image | bytes, bytes]:
    """The first picture of a JPEG XL file, turned as the file says, and its ICC profile.

    The picture is a JPEG file's bytes where the file is a JPEG that was packed without loss.

    Args:
        file: its position moves.
        check: called with width and height before anything is decoded; whatever it raises is raised.

    Raises:
        MissingPackageError: pillow-jxl-plugin is not installed.
        ValueError, RuntimeError: the file is damaged.
    """
    try:
        from pillow_jxl import Decoder
    except ImportError:
        raise MissingPackageError(_missing("a JPEG XL photo", "pillow-jxl-plugin")) from None
    check(_jxl_size(file))  # The decoder has no limit of its own, and decodes all at once.
    file.seek(0)
    was_jpeg, info, pixels, profile, _ = Decoder(num_threads=0)(file.read())
    if was_jpeg:
        return pixels, b""
    mode = "F" if info.mode == "F;16" else info.mode
    return Image.frombytes(mode, (info.width, info.height), pixels), profile or b""


def _jxl_size(file: PhotoFile) -> tuple[int, int]:
    """The declared width and height. Source: ISO/IEC 18181-1, SizeHeader, and 18181-2 for the boxes around it."""
    head = _jxl_codestream(file)
    if not head.startswith(JXL_CODESTREAM):
        raise ValueError("the file holds no JPEG XL picture")
    bits = int.from_bytes(head[2:], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    is_small = take(1)

    def side() -> int:
        return (take(5) + 1) * 8 if is_small else take(LARGE_SIZE_BITS[take(2)]) + 1

    height = side()
    ratio = take(3)
    width = side() if ratio == 0 else height * RATIOS[ratio][0] // RATIOS[ratio][1]
    return width, height


def _jxl_codestream(file: PhotoFile) -> bytes:
    """The first bytes of the picture's data."""
    head = file.read_at(0, 16)
    if not head.startswith(JXL_CONTAINER):
        return head
    place = 0
    for _ in range(MAX_BOXES):
        box = file.read_at(place, 16)
        size, kind, start = int.from_bytes(box[:4], "big"), box[4:8], place + 8
        if size == 1:
            size, start = int.from_bytes(box[8:16], "big"), place + 16
        if kind in (b"jxlc", b"jxlp"):
            return file.read_at(start + (4 if kind == b"jxlp" else 0), 16)
        if size < 8:  # the last box, or damage
            break
        place += size
    raise ValueError("the file holds no JPEG XL picture")


def _missing(kind: str, package: str) -> str:
    return f"is {kind}, which needs the Python package {package}: install it, or save or export the photo as JPEG."


__all__ = ["MissingPackageError", "open_heif", "read_jxl"]
