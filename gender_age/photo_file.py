"""The files that Pillow reads a photo from: with a limit on the reads, and with only the parts that it is to see."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

# Pillow parses a file's chunks in Python, with a few reads each: 10 MB of empty chunks, or of JPEG fill bytes, take it
# half a minute. 85 megapixels of uncompressed PNG in chunks of 8 kB take 130,000 reads.
MAX_READS = 200_000

Part = tuple[int, int] | bytes
"""First byte and the byte after the last one in another file; or bytes that stand in their place."""


class PhotoFile(io.BufferedReader):
    """A file that allows a limited number of reads; a context manager.

    Args:
        raw: the file, opened without a buffer; `Parts`; what is in memory; or a temporary file.
    """

    def __init__(self, raw: io.RawIOBase | io.BytesIO | io.BufferedRandom) -> None:
        super().__init__(raw)
        self._reads_left = MAX_READS

    def read(self, size: int | None = -1) -> bytes:
        """As in `io.BufferedReader`.

        Raises:
            OSError: there were more reads than any usual photo needs.
        """
        self._reads_left -= 1
        if self._reads_left < 0:
            raise OSError("the file has too many parts")
        return super().read(size)

    def size(self) -> int:
        """The number of bytes; the position stays."""
        place = self.tell()
        size = self.seek(0, io.SEEK_END)
        self.seek(place)
        return size

    def read_at(self, place: int, size: int) -> bytes:
        """`size` bytes from `place`, or as many as there are."""
        self.seek(place)
        return self.read(size)


class Parts(io.RawIOBase):
    """Parts of a file, one after the other, as a file of its own. Nothing is copied.

    Args:
        file: the file, whose position moves.
        parts: in order; those that continue each other become one.
    """

    def __init__(self, file: PhotoFile, parts: Iterable[Part]) -> None:
        super().__init__()
        self._file = file
        self._parts: list[Part] = []
        for part in parts:
            last = self._parts[-1] if self._parts else b""
            if isinstance(part, tuple) and isinstance(last, tuple) and last[1] == part[0]:
                self._parts[-1] = (last[0], part[1])
            elif _length(part) > 0:
                self._parts.append(part)
        self._starts = [0, *accumulate(map(_length, self._parts))]
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence]
        if place < 0:
            raise ValueError("the place is before the start of the file")
        self._place = place
        return place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills the buffer as far as the current part goes."""
        index = bisect_right(self._starts, self._place) - 1
        if index >= len(self._parts):
            return 0
        part, within = self._parts[index], self._place - self._starts[index]
        size = min(len(buffer), _length(part) - within)
        here = slice(within, within + size)
        data = part[here] if isinstance(part, bytes) else self._file.read_at(part[0] + within, size)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _length(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]


__all__ = ["Part", "Parts", "PhotoFile"]
