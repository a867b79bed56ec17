"""A photo's file as Pillow reads it, with limits on the work that a small file can ask for."""

from __future__ import annotations

import io

# Pillow walks over a file's parts in Python, with some reads a part: ten megabytes of parts without content, or of
# JPEG's fill bytes, keep it busy for half a minute. 85 megapixels of PNG, not packed and in parts of 8 kB, take 95,000.
MOST_READS = 200_000
# libjpeg goes over all pixels once a scan, and a scan may have thirty bytes: a progressive JPEG of 50 kB can take
# minutes. Ten scans are usual, of 85 megapixels at most.
MOST_SCANNED_PIXELS = 3_000_000_000
START_OF_SCAN = b"\xff\xda"
BLOCK = 1 << 20


class PhotoFile(io.BufferedReader):
    """A file whose reads are counted; a context manager.

    Args:
        raw: the file, opened without a buffer.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._reads_left = MOST_READS

    def read(self, size: int | None = -1) -> bytes:
        """As a file's.

        Raises:
            OSError: there were more reads than any usual photo takes.
        """
        self._reads_left -= 1
        if self._reads_left < 0:
            raise OSError("the file has too many parts")
        return super().read(size)


def check_scans(file: io.BufferedIOBase, num_pixels: int) -> None:
    """Looks through a JPEG before it is decoded; the position in the file stays.

    Raises:
        OSError: decoding it would take too long.
    """
    place = file.tell()
    file.seek(0)
    num_scans, last = 0, b""
    while block := file.read(BLOCK):
        num_scans += (last + block).count(START_OF_SCAN)
        last = block[-1:]
    file.seek(place)
    if num_scans * num_pixels > MOST_SCANNED_PIXELS:
        raise OSError(f"the file has {num_scans} scans")
