"""Kinds of known formats that Pillow does not read: such a file is whole, and is not to be called damaged."""

from __future__ import annotations

import struct

from PIL import TiffImagePlugin, UnidentifiedImageError

from .jpeg_segments import read_jpeg
from .photo_file import PhotoFile
from .signatures import HEIF_CODECS, JPEG_START, PNG_START, TIFF_STARTS, is_heic
from .tiff_directories import Directory, TiffFile

JPEG_PROCESSES = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xCB: "lossless",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "hierarchical",
}
"""Start of frame -> process, of those that libjpeg-turbo does not decode."""
ARITHMETIC = (0xC9, 0xCA)
"""Decoded by most builds of libjpeg-turbo, so that a file that is cut short is damaged."""
JPEG_COMPONENTS = (1, 3, 4)
TIFF_COMPRESSIONS = {
    6: "old JPEG",
    9: "JBIG",
    10: "JBIG",
    32809: "ThunderScan",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34661: "JBIG",
    34676: "LogLuv",
    34677: "LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy JPEG",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
"""Those that Pillow or its libtiff does not read in all builds."""
READ_TIFF_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000)
WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, TILES = 256, 257, 258, 259, 262, 273, 324
SAMPLES, PLANAR, EXTRA_SAMPLES, SAMPLE_FORMAT = 277, 284, 338, 339
GREY, YCBCR, LAB, IN_PLANES, PREMULTIPLIED, SIGNED = (0, 1), 6, 8, 2, 1, 2


def misread_tiff(tiff: TiffFile, directory: Directory) -> str | None:
    """What of a TIFF's picture Pillow takes for something else without an error, for a sentence; None if nothing."""
    compression, photometric = tiff.value(directory, COMPRESSION, 1), tiff.value(directory, PHOTOMETRIC)
    if tiff.value(directory, SAMPLE_FORMAT) == SIGNED and tiff.value(directory, BITS, 1) == 8:
        return "signed samples of 8 bits"
    if tiff.value(directory, SAMPLES, 1) == 1:
        return None
    if photometric == YCBCR and compression == 1:
        return "YCbCr without compression"
    if tiff.value(directory, PLANAR, 1) != IN_PLANES:
        return None
    is_plain = tiff.value(directory, BITS, 1) == 8 and PREMULTIPLIED not in tiff.values(directory, EXTRA_SAMPLES)
    return "samples in planes" if photometric in (*GREY, LAB) or (compression == 1 and not is_plain) else None


def unsupported_kind(file: PhotoFile, error: Exception) -> str | None:
    """What the file is, for a sentence: `"a kind of JPEG (12 bits per sample)"`; None if it must be damaged.

    Args:
        file: that Pillow could not read; its position moves.
        error: that Pillow raised.
    """
    try:
        head = file.read_at(0, 512)
        if head.startswith(JPEG_START):
            return _jpeg(file)
        if head.startswith(TIFF_STARTS):
            is_unknown = isinstance(error, UnidentifiedImageError) or "unknown raw mode" in str(error)
            return _tiff(TiffFile(file), is_unknown)
    except (OSError, ValueError, struct.error):
        return None
    if head.startswith(PNG_START) and head[12:16] == b"CgBI":
        return "a kind of PNG (for iPhone apps)"
    if head.startswith(b"BM") and str(error).startswith("Unsupported BMP"):
        detail = str(error).removeprefix("Unsupported BMP ").lower().replace("(", "").replace(")", "")
        return f"a kind of BMP ({detail})"
    if is_heic(head) and (codec := HEIF_CODECS.get(head[8:12])):
        return f"a kind of HEIC ({codec} inside)"
    if is_heic(head) and "nsupported" in str(error):
        return "a kind of HEIC"
    return None


def _jpeg(file: PhotoFile) -> str | None:
    jpeg = read_jpeg(file)
    frame = jpeg.frame
    if frame is None:
        return None
    if frame.bits != 8 and frame.bits in range(2, 17):
        return f"a kind of JPEG ({frame.bits} bits per sample)"
    if process := JPEG_PROCESSES.get(frame.marker):
        return f"a kind of JPEG ({process})"
    if frame.marker in ARITHMETIC and jpeg.is_whole:
        return "a kind of JPEG (arithmetic-coded)"
    return None if frame.components in JPEG_COMPONENTS else f"a kind of JPEG ({frame.components} components)"


def _tiff(tiff: TiffFile, is_unknown: bool) -> str | None:
    """Args: is_unknown: Pillow did not begin to decode, which means an unknown kind if the first directory is whole."""
    directory = tiff.directory(tiff.first_place)
    if directory is None or not directory.is_whole:
        return None
    places = tiff.values(directory, STRIPS) or tiff.values(directory, TILES)
    is_whole = tiff.value(directory, WIDTH) and tiff.value(directory, LENGTH) and places
    if not is_whole or not max(places) < tiff.file.size():
        return None
    if misread := misread_tiff(tiff, directory):
        return f"a kind of TIFF ({misread})"
    compression = tiff.value(directory, COMPRESSION, 1)
    if compression not in (TiffImagePlugin.COMPRESSION_INFO if is_unknown else READ_TIFF_COMPRESSIONS):
        return f"a kind of TIFF ({TIFF_COMPRESSIONS.get(compression, 'unknown')} compression)"
    if not is_unknown:
        return None
    if tiff.is_big and tiff.order == ">":
        return "a kind of TIFF (BigTIFF, big-endian)"
    bits = "/".join(map(str, tiff.values(directory, BITS) or (1,)))
    return f"a kind of TIFF ({bits} bits per sample, colours of type {tiff.value(directory, PHOTOMETRIC)})"


__all__ = ["misread_tiff", "unsupported_kind"]
