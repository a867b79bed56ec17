"""The file that Pillow reads a photo from, with limits on the work that a small file can cause."""

from __future__ import annotations

import io

# Pillow parses a file's chunks in Python, with a few reads each: 10 MB of empty chunks, or of JPEG fill bytes, take it
# half a minute. 85 megapixels of uncompressed PNG in chunks of 8 kB take 95,000 reads.
MAX_READS = 200_000
# libjpeg visits every pixel once a scan, and a scan may have 30 bytes: a progressive JPEG of 50 kB can take minutes.
# Ten scans are usual, of at most 85 megapixels.
MAX_SCANNED_PIXELS = 3_000_000_000
START_OF_SCAN = b"\xff\xda"
BLOCK = 1 << 20


class PhotoFile(io.BufferedReader):
    """A file that allows a limited number of reads; a context manager.

    Args:
        raw: the file, opened without a buffer.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
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


def check_scans(file: io.BufferedIOBase, num_pixels: int) -> None:
    """Counts the scans of a JPEG before it is decoded; the position in the file stays.

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
    if num_scans * num_pixels > MAX_SCANNED_PIXELS:
        raise OSError(f"the file has {num_scans} scans")
