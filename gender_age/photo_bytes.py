"""What stands for a file without a path: one in memory, or a temporary one."""

from __future__ import annotations

import io
import os


class PhotoBytes(os.PathLike):
    """Stands for a file in memory wherever a path of a photo is taken.

    Args:
        data: what the file holds.
        name: its path, for messages and results; it need not exist.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name

    def __fspath__(self) -> str:
        return self._name

    def read(self) -> io.BytesIO:
        """The file's content."""
        return io.BytesIO(self._data)


class TemporaryCopy(os.PathLike):
    """Stands for a temporary file wherever a path is taken, once: it is closed, and so deleted, with what opened it.

    Args:
        file: as of `tempfile.TemporaryFile()`.
        name: the path of what was copied, for messages and results; it need not exist.
    """

    def __init__(self, file: io.BufferedRandom, name: str) -> None:
        self._file, self._name = file, name

    def __fspath__(self) -> str:
        return self._name

    def read(self) -> io.BufferedRandom:
        """The file, at its start."""
        self._file.seek(0)
        return self._file


__all__ = ["PhotoBytes", "TemporaryCopy"]
