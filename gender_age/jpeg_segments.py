"""What a JPEG file consists of: its first picture's segments and scans, told without decoding it.

Source: ITU-T T.81, Annex B. Phones put a second picture, a gain map or a video behind the first picture's end.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from .photo_file import Part, PhotoFile

# libjpeg visits every pixel once a scan, and a scan may have 30 bytes: a progressive JPEG of 50 kB can take minutes.
# Ten scans are usual, of at most 85 megapixels.
MAX_SCANNED_PIXELS = 3_000_000_000
MAX_SCANS = 100
MAX_METADATA = 1 << 20
FIRST_BLOCK, BLOCK = 1 << 12, 1 << 18

# Neither a stuffed byte in entropy-coded data, nor a restart marker, nor a fill byte.
MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN, TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
APPLICATION = range(0xE0, 0xF0)
COEFFICIENTS = 64  # of a block
# Stands for a lost end. Bits of 1 are no Huffman code, which libjpeg reads as the end of a block of the last colour:
# they complete 2 or 3 units of 16×16 pixels at most.
LAST_BITS = b"\xff\x00" * 64
COMMENT = 0xFE
EXIF, XMP, PROFILE = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"


@dataclass(frozen=True, slots=True)
class Frame:
    """The start of a frame: the marker's second byte, bits per sample, size in pixels, number of components."""

    marker: int
    bits: int
    size_wh: tuple[int, int]
    components: int


@dataclass(frozen=True, slots=True)
class Jpeg:
    """The first picture of a JPEG file.

    Attributes:
        parts: of the file, without metadata other than the colour profile, and without what follows the picture. With
            an end in place of a lost one, where no more than that is missing.
        exif: from the TIFF header on; empty if there is none.
        xmp: the XMP packet; empty if there is none.
        num_scans: of the picture, not counting thumbnails and other pictures.
        frame: the first one; None if there is none.
        is_whole: whether the picture's end was found.
    """

    parts: tuple[Part, ...]
    exif: bytes
    xmp: bytes
    num_scans: int
    frame: Frame | None
    is_whole: bool


def read_jpeg(file: PhotoFile, until_frame: bool = False) -> Jpeg:
    """Walks through the markers up to the end of the first picture. The position in the file moves.

    Where the structure is broken, the last part is all the rest, as only a decoder can tell what is left of the
    picture.

    Args:
        file: the file.
        until_frame: go no further than that, which tells the size.

    Raises:
        OSError: there are more segments or scans than any usual photo has.
    """
    parts: list[Part] = []
    exif = xmp = b""
    num_scans, frame, is_whole = 0, None, False
    num_final = 0  # coefficients that have their last bit, of all components
    kept_from, place, size = 0, 2, file.size()
    while (found := _find_marker(file, place)) is not None:
        marker, place = found
        if marker == END_OF_IMAGE:
            size, is_whole = place, True
            break
        if marker == START_OF_IMAGE:
            break
        if marker == TEMPORARY:
            continue
        head = file.read_at(place, 2)
        length = int.from_bytes(head, "big")
        if len(head) < 2 or length < 2:
            break
        start, place = place, place + length
        if marker == START_OF_SCAN:
            num_scans += 1
            if num_scans > MAX_SCANS:
                raise OSError(f"the file has more than {MAX_SCANS} scans")
            num_final += _num_final(file.read_at(start + 2, length - 2))
        elif marker in FRAMES and frame is None:
            frame = _frame(marker, file.read_at(start + 2, 6))
            if until_frame:
                break
        elif marker in APPLICATION or marker == COMMENT:
            label = file.read_at(start + 2, min(length - 2, len(XMP)))
            if not _makes_the_picture(marker, label):
                parts.append((kept_from, start - 2))
                kept_from = place
            if marker == 0xE1 and label.startswith(EXIF) and len(exif) < MAX_METADATA:
                exif += file.read_at(start + 2 + len(EXIF), length - 2 - len(EXIF))
            elif marker == 0xE1 and label == XMP and not xmp:
                xmp = file.read_at(start + 2 + len(XMP), length - 2 - len(XMP))
    parts.append((kept_from, max(size, kept_from)))
    if found is None and frame is not None:
        parts.append(_end(num_scans, num_final, frame))
    return Jpeg(tuple(parts), exif, xmp, num_scans, frame, is_whole)


def check_scans(jpeg: Jpeg, num_pixels: int) -> None:
    """Checks the work that decoding needs.

    Raises:
        OSError: decoding would take too long.
    """
    if jpeg.num_scans * num_pixels > MAX_SCANNED_PIXELS:
        raise OSError(f"the file has {jpeg.num_scans} scans")


def _find_marker(file: PhotoFile, place: int) -> tuple[int, int] | None:
    """The next marker from `place` on and the place behind it."""
    size = FIRST_BLOCK  # Segments follow each other closely; entropy-coded data is long.
    while len(block := file.read_at(place, size)) > 1:
        if found := MARKER.search(block):
            return found[1][0], place + found.end()
        place += len(block) - 1  # a marker may be cut in two
        size = BLOCK
    return None


def _makes_the_picture(marker: int, label: bytes) -> bool:
    """Whether a decoder needs the segment: JFIF and Adobe say how colours are coded."""
    return marker in (0xE0, 0xEE) or (marker == 0xE2 and label.startswith(PROFILE))


def _num_final(header: bytes) -> int:
    """The coefficients of a block to which a scan gives the last bit, times its components; 0 if the header is cut."""
    num_components = header[0] if header else 0
    if len(header) < 4 + 2 * num_components:
        return 0
    first, last, bits = header[1 + 2 * num_components : 4 + 2 * num_components]
    return 0 if bits & 15 else num_components * max(last - first + 1, 0)


def _end(num_scans: int, num_final: int, frame: Frame) -> bytes:
    """What a decoder needs to complete a picture that has lost its end; nothing if it has lost more than that.

    Of a single scan, whose missing rows would be grey, a few blocks at most; libjpeg waits for more. Of several, part
    of the last one, which has the finest details.
    """
    if num_scans == 1:
        return LAST_BITS
    return b"\xff\xd9" if num_final >= COEFFICIENTS * frame.components else b""


def _frame(marker: int, data: bytes) -> Frame | None:
    if len(data) < 6:
        return None
    bits, height, width, components = struct.unpack(">BHHB", data)
    return Frame(marker, bits, (width, height), components)


__all__ = ["Frame", "Jpeg", "check_scans", "read_jpeg"]
