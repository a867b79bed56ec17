"""The photo that comes through a pipe: `-` on the command line."""

from __future__ import annotations

import io
import os
import sys

# 85 megapixels of 16 bits, uncompressed. An endless pipe must not fill the memory.
MAX_BYTES, CHUNK = 600_000_000, 1_000_000


class StandardInput(os.PathLike):
    """Stands for the one photo on standard input, which is read when it is opened. Its path is `-`."""

    def __fspath__(self) -> str:
        return "-"

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


__all__ = ["StandardInput"]
