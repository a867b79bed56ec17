"""RAW photos: what a camera's sensor saw, in a file like TIFF, with pictures for a preview beside it.

Such a file's first picture is often a thumbnail. Here, the largest picture that can be read stands for the photo.

Source: Adobe DNG specification 1.7; TIFF/EP; the tags of NEF, CR2 and ARW as ExifTool documents them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod

from .jpeg_segments import read_jpeg
from .orientation import directory_orientation
from .photo_file import Part, Parts, PhotoFile
from .signatures import JPEG_START
from .tiff_directories import SUB_DIRECTORIES, Directory, TiffFile

SUBFILE, OLD_SUBFILE, WIDTH, LENGTH, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 259, 262
STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, JPEG_OFFSET, JPEG_LENGTH, JPEG_TABLES = 273, 279, 324, 513, 514, 347
DNG_VERSION = 50706
# Colour filter array and linear RAW: what the sensor saw.
SENSOR = (32803, 34892)
PICTURE = (0, 1, 2, 3, 5, 6)
TIFF_COMPRESSIONS = (1, 5, 7, 8, 32773, 32946)
USUAL_FRAMES = (0xC0, 0xC1, 0xC2)
# A preview with a longer side is as good as the photo for finding faces; a smaller one only if the photo is small, too.
LARGE = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """The picture in a TIFF file that stands for the photo.

    Attributes:
        parts: the file to read in place of the TIFF file; empty where no large picture is inside.
        is_raw: whether the file is a RAW photo, not only a TIFF that begins with a thumbnail.
        orientation: for a picture that has none of its own.
    """

    parts: tuple[Part, ...]
    is_raw: bool
    orientation: int


@dataclass(frozen=True, slots=True)
class Candidate:
    size_wh: tuple[int, int]
    parts: tuple[Part, ...]


def find_preview(tiff: TiffFile) -> Preview | None:
    """The largest picture of a RAW photo, or of a TIFF that begins with a thumbnail; None for any other TIFF."""
    directories = tiff.directories()
    if not directories:
        return None
    is_raw = _is_raw(tiff, directories)
    if not is_raw and not _begins_with_thumbnail(tiff, directories):
        return None
    orientation = directory_orientation(tiff, directories[0]) or 1
    candidates = [candidate for directory in directories for candidate in _pictures(tiff, directory)]
    best = max(candidates, key=_num_pixels, default=Candidate((0, 0), ()))
    whole = max(max(_size(tiff, directory)) for directory in directories)
    is_large = max(best.size_wh) >= min(LARGE, whole / 2)
    return Preview(best.parts if is_large else (), is_raw, orientation)


def _is_raw(tiff: TiffFile, directories: list[Directory]) -> bool:
    is_cr2 = tiff.file.read_at(8, 4) == b"CR\x02\0"
    is_dng = any(entry.tag == DNG_VERSION for entry in directories[0].entries)
    return is_cr2 or is_dng or any(tiff.value(d, PHOTOMETRIC) in SENSOR for d in directories)


def _begins_with_thumbnail(tiff: TiffFile, directories: list[Directory]) -> bool:
    first = directories[0]
    inside = set(tiff.values(first, SUB_DIRECTORIES))
    if any(_area(tiff, d) > _area(tiff, first) for d in directories if d.place in inside):
        return True
    reduced = [tiff.value(d, SUBFILE) & 1 or tiff.value(d, OLD_SUBFILE) == 2 for d in directories]
    return bool(reduced[0]) and not all(reduced)


def _size(tiff: TiffFile, directory: Directory) -> tuple[int, int]:
    return tiff.value(directory, WIDTH), tiff.value(directory, LENGTH)


def _area(tiff: TiffFile, directory: Directory) -> int:
    return prod(_size(tiff, directory))


def _num_pixels(candidate: Candidate) -> int:
    return candidate.size_wh[0] * candidate.size_wh[1]


def _pictures(tiff: TiffFile, directory: Directory) -> list[Candidate]:
    """The pictures of one directory that can be read: JPEG files inside the file, or pixels as in any TIFF."""
    found = []
    strips, counts = tiff.values(directory, STRIP_OFFSETS), tiff.values(directory, STRIP_COUNTS)
    if place := tiff.value(directory, JPEG_OFFSET):
        found += _jpeg(tiff, place, tiff.value(directory, JPEG_LENGTH))
    if tiff.value(directory, PHOTOMETRIC, SENSOR[0]) not in PICTURE:
        return found
    if len(strips) == len(counts) == 1 and _is_jpeg(tiff, strips[0]) and not tiff.value(directory, JPEG_TABLES):
        return found + _jpeg(tiff, strips[0], counts[0])
    has_pixels = strips or tiff.values(directory, TILE_OFFSETS)
    if has_pixels and tiff.value(directory, COMPRESSION, 1) in TIFF_COMPRESSIONS:
        found.append(Candidate(_size(tiff, directory), _starting_at(tiff, directory)))
    return found


def _is_jpeg(tiff: TiffFile, place: int) -> bool:
    return tiff.file.read_at(place, 2) == JPEG_START


def _jpeg(tiff: TiffFile, place: int, length: int) -> list[Candidate]:
    """The JPEG file at this place, if it is one that can be read: what the sensor saw may be lossless JPEG."""
    if not _is_jpeg(tiff, place):
        return []
    part = (place, min(place + length, tiff.file.size()))
    frame = read_jpeg(PhotoFile(Parts(tiff.file, [part])), until_frame=True).frame
    if frame is None or frame.marker not in USUAL_FRAMES or frame.bits != 8:
        return []
    return [Candidate(frame.size_wh, (part,))]


def _starting_at(tiff: TiffFile, directory: Directory) -> tuple[Part, ...]:
    """The file with another directory as the first one."""
    place, size = (8, 8) if tiff.is_big else (4, 4)
    link = struct.pack(tiff.order + ("Q" if tiff.is_big else "I"), directory.place)
    return (0, place), link, (place + size, tiff.file.size())


__all__ = ["Preview", "find_preview"]
