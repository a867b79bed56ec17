"""The directories of a TIFF file, a RAW photo or EXIF data: which tags stand there, read within a limit.

Source: TIFF 6.0, section 2; BigTIFF. Pillow's parser reads the values of all tags, warns on odd ones, and knows nothing
of the directories inside directories that RAW photos have.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .photo_file import Part, PhotoFile

MAX_ENTRIES = 1000
MAX_VALUES = 64
MAX_DIRECTORIES = 32
SUB_DIRECTORIES = 330
SHORT = 3
# Type -> bytes per value and `struct`'s letter: BYTE, ASCII, SHORT, LONG, SBYTE, UNDEFINED, SSHORT, SLONG, IFD, LONG8,
# SLONG8, IFD8. Fractions and floats are of no use here.
TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its type, the number of its values, and where in the file the entry and the values stand."""

    tag: int
    type: int
    count: int
    place: int
    values_place: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one picture, in the file's order; where the directory stands, and whether it is not cut off."""

    place: int
    entries: tuple[Entry, ...]
    next_place: int
    is_whole: bool


class TiffFile:
    """A TIFF file's directories.

    Args:
        file: whose position moves.

    Raises:
        ValueError: the file doesn't begin as a TIFF file does.
    """

    def __init__(self, file: PhotoFile) -> None:
        self.file = file
        head = file.read_at(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise ValueError("not a TIFF file")
        self.order = order
        (version,) = struct.unpack(order + "H", head[2:4])
        self.is_big = version == 43
        if version not in (42, 43) or (self.is_big and len(head) < 16):
            raise ValueError("not a TIFF file")
        self.first_place: int = struct.unpack(
            order + ("Q" if self.is_big else "I"), head[8:] if self.is_big else head[4:8]
        )[0]

    def directories(self) -> list[Directory]:
        """All of them, those inside others included, at most 32; a loop of links ends."""
        found: dict[int, Directory] = {}
        waiting = [self.first_place]
        while waiting and len(found) < MAX_DIRECTORIES:
            place = waiting.pop(0)
            if place in found or not place:
                continue
            directory = self.directory(place)
            if directory is not None:
                found[place] = directory
                waiting += [*self.values(directory, SUB_DIRECTORIES), directory.next_place]
        return list(found.values())

    def directory(self, place: int) -> Directory | None:
        """The directory at this place, without entries that are cut off; None if there is none."""
        count_size, entry_size, link_size = (8, 20, 8) if self.is_big else (2, 12, 4)
        if place >= 1 << 62:
            return None
        head = self.file.read_at(place, count_size)
        if len(head) < count_size:
            return None
        num_entries = min(int.from_bytes(head, "little" if self.order == "<" else "big"), MAX_ENTRIES)
        data = self.file.read(num_entries * entry_size + link_size)
        entries = tuple(self._entries(data[: num_entries * entry_size], place + count_size, entry_size))
        link = data[num_entries * entry_size :]
        next_place = struct.unpack(self.order + ("Q" if self.is_big else "I"), link)[0] if len(link) == link_size else 0
        return Directory(place, entries, next_place, len(link) == link_size)

    def _entries(self, data: bytes, place: int, entry_size: int) -> Iterator[Entry]:
        pattern = struct.Struct(self.order + ("HHQ8s" if self.is_big else "HHI4s"))
        for start in range(0, len(data) - entry_size + 1, entry_size):
            tag, kind, count, field = pattern.unpack(data[start : start + entry_size])
            inside = place + start + entry_size - len(field)
            size = count * struct.calcsize(TYPES.get(kind, "Q"))
            outside = struct.unpack(self.order + ("Q" if self.is_big else "I"), field)[0]
            yield Entry(tag, kind, count, place + start, inside if size <= len(field) else outside)

    def values(self, directory: Directory, tag: int) -> tuple[int, ...]:
        """The whole numbers of the first entry with this tag, at most 64; none if there are none."""
        return next((self.entry_values(entry) for entry in directory.entries if entry.tag == tag), ())

    def value(self, directory: Directory, tag: int, default: int = 0) -> int:
        """The first of `values`."""
        return next(iter(self.values(directory, tag)), default)

    def entry_values(self, entry: Entry) -> tuple[int, ...]:
        """An entry's whole numbers, at most 64."""
        letter = TYPES.get(entry.type)
        if letter is None or entry.values_place >= 1 << 62:
            return ()
        wanted = min(entry.count, MAX_VALUES)
        data = self.file.read_at(entry.values_place, wanted * struct.calcsize(letter))
        count = len(data) // struct.calcsize(letter)
        return struct.unpack(f"{self.order}{count}{letter}", data[: count * struct.calcsize(letter)])

    def with_tags(self, directory: Directory, tags: Mapping[int, int]) -> list[Part]:
        """The file's parts, with the first directory behind its end and these tags set in it; the other directories
        are left out."""
        size, link, count, short = (20, "Q", "Q", "HHQH6x") if self.is_big else (12, "I", "H", "HHIH2x")
        entries = {tag: struct.pack(self.order + short, tag, SHORT, 1, value) for tag, value in tags.items()}
        for entry in directory.entries:
            entries.setdefault(entry.tag, self.file.read_at(entry.place, size))
        table = struct.pack(self.order + count, len(entries)) + b"".join(entries[tag] for tag in sorted(entries))
        before, num_bytes = (8 if self.is_big else 4), self.file.size()
        start, padding = num_bytes + num_bytes % 2, bytes(num_bytes % 2)
        behind = before + struct.calcsize(link)
        links = [struct.pack(self.order + link, place) for place in (start, 0)]
        return [(0, before), links[0], (behind, num_bytes), padding + table + links[1]]


__all__ = ["Directory", "Entry", "TiffFile"]
