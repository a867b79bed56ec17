"""Photos that are no files on the disk: what comes through a pipe (`-` on the command line), or is in memory."""

from __future__ import annotations

import io
import os
import sys
from abc import abstractmethod

# 85 megapixels of 16 bits, uncompressed. An endless pipe must not fill the memory.
MAX_BYTES, CHUNK = 600_000_000, 1_000_000


class PhotoStream(os.PathLike):
    """A photo without a path of its own, which is read when it is opened. Its path is `-`."""

    def __fspath__(self) -> str:
        return "-"

    @abstractmethod
    def read(self) -> io.BytesIO:
        """The photo's file."""


class PhotoInMemory(PhotoStream):
    """A photo's file that is in memory.

    Args:
        data: the file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> io.BytesIO:
        return io.BytesIO(self._data)


class StandardInput(PhotoStream):
    """Stands for the one photo on standard input."""

    def read(self) -> io.BytesIO:
        """Everything that comes, to the end.

        Raises:
            OSError: it cannot be read, or has no end within `MAX_BYTES`.
        """
        if sys.stdin is None:
            raise OSError(None, "it is closed")
        data = io.BytesIO()
        while chunk := sys.stdin.buffer.read(CHUNK):
            data.write(chunk)
            if data.tell() > MAX_BYTES:
                raise OSError(None, f"it holds more than {MAX_BYTES // 1_000_000} MB")
        data.seek(0)
        return data


__all__ = ["PhotoInMemory", "PhotoStream", "StandardInput"]
