"""A photo's file that is in memory: fetched from a store, or a cell of a table."""

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


__all__ = ["PhotoBytes"]
