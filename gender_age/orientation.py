"""How a photo has to be turned to be upright: the orientation tag of EXIF, however it was written."""

from __future__ import annotations

import io
import re
import struct
from itertools import islice

from PIL import ExifTags

from .photo_file import Part, Parts, PhotoFile
from .tiff_directories import SHORT, Directory, TiffFile

ORIENTATION = int(ExifTags.Base.Orientation)
TIFF_START = re.compile(rb"II\*\0|MM\0\*")
MAX_EXIF = 1 << 16
MAX_STARTS = 16
IN_XMP = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]""")


def orientation_of(exif: bytes, xmp: bytes = b"") -> int:
    """The orientation from 1 to 8: the first valid entry in EXIF, else that of XMP, else 1.

    Pillow warns where the tag has several values or a wrong type, and takes what it finds.

    Args:
        exif: from the TIFF header on, or from `Exif` on.
        xmp: an XMP packet.
    """
    try:
        tiff = TiffFile(PhotoFile(io.BytesIO(exif.removeprefix(b"Exif\0\0"))))
        directory = tiff.directory(tiff.first_place)
    except ValueError:
        directory = None
    found = None if directory is None else directory_orientation(tiff, directory)
    if found is None and (in_xmp := IN_XMP.search(xmp)):
        found = int(in_xmp[1])
    return found or 1


def mended_exif(file: PhotoFile) -> list[Part]:
    """As `mended_orientation`, for the EXIF data in a file of another format whose reader parses it."""
    size = file.size()
    for found in islice(TIFF_START.finditer(file.read_at(0, size)), MAX_STARTS):
        tiff = TiffFile(PhotoFile(Parts(file, [(found.start(), size)])))
        directory = tiff.directory(tiff.first_place) if tiff.first_place < MAX_EXIF else None
        if directory is not None and (parts := mended_orientation(tiff, directory)):
            start = found.start()
            moved = [part if isinstance(part, bytes) else (part[0] + start, part[1] + start) for part in parts]
            return [(0, start), *moved]
    return []


def directory_orientation(tiff: TiffFile, directory: Directory) -> int | None:
    """The first valid orientation in a directory; None if it has none."""
    values = [v for entry in directory.entries if entry.tag == ORIENTATION for v in tiff.entry_values(entry)]
    return next((value for value in values if 1 <= value <= 8), None)


def mended_orientation(tiff: TiffFile, directory: Directory) -> list[Part]:
    """The file's parts with every odd orientation tag of the directory replaced by a usual one; none if all are usual.

    Pillow and libtiff read these tags on their own.
    """
    entries = [entry for entry in directory.entries if entry.tag == ORIENTATION]
    odd = [e for e in entries if e.type != SHORT or e.count != 1 or not 1 <= next(iter(tiff.entry_values(e)), 0) <= 8]
    if not odd and len(entries) <= 1:
        return []
    value = directory_orientation(tiff, directory) or 1
    parts: list[Part] = []
    place = 0
    for entry in entries:
        pattern = "HHQH6x" if tiff.is_big else "HHIH2x"
        mended = struct.pack(tiff.order + pattern, ORIENTATION, SHORT, 1, value)
        parts += [(place, entry.place), mended]
        place = entry.place + len(mended)
    return [*parts, (place, tiff.file.size())]


__all__ = ["directory_orientation", "mended_exif", "mended_orientation", "orientation_of"]
