"""Unpacks the photos of ZIP archives one by one, within a limit for all of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .archive import DAMAGED, MAX_PHOTO_BYTES, Archive, ArchivedPhoto, ArchiveError, too_large

# For all archives of a run: 500 phone photos have some 2.5 GB, half of the free disk of a small machine.
MAX_UNPACKED_BYTES = 3 * 2**30
BLOCK = 64 * 1024


class Unpacker:
    """Unpacks photos into a private folder, which is deleted when this context manager exits.

    Args:
        max_bytes: limit for all photos together, counted as they are unpacked, not as the archives claim.
    """

    def __init__(self, max_bytes: int = MAX_UNPACKED_BYTES) -> None:
        self.bytes_left = max_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="gender-age-zip-")
        self._number = 0
        self._opened: tuple[str, Archive] | None = None

    def __enter__(self) -> Unpacker:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()
        self._folder.cleanup()

    def unpack(self, path: str | os.PathLike, photo: ArchivedPhoto) -> str:
        """Writes one photo to a file with its own base name and returns the file's path.

        Args:
            path: of the archive that lists the photo.

        Raises:
            ArchiveError: it is damaged or too large, the limit is reached, or there is no space.
        """
        if photo.error is not None:
            raise ArchiveError(photo.error)
        name = f"“{photo.name}”"
        if self.bytes_left <= 0:
            raise ArchiveError(f"{name} was left out, as the archives hold too much: choose it in another run.")
        self._number += 1
        target = Path(self._folder.name, str(self._number), photo.file_name)
        try:
            target.parent.mkdir()
            with target.open("xb") as file:
                for block in self._blocks(path, photo, name):
                    file.write(block)
        except ArchiveError:
            self.discard(str(target))
            raise
        except OSError as error:  # the disk is full; what reading raises is an ArchiveError
            self.discard(str(target))
            raise ArchiveError(
                f"{name} cannot be kept: there is no space just now, try again in some minutes."
            ) from error
        return str(target)

    def discard(self, path: str) -> None:
        """Deletes an unpacked photo, so that only a few of them are on disk at a time."""
        with suppress(OSError):
            Path(path).unlink()
            Path(path).parent.rmdir()

    def _blocks(self, path: str | os.PathLike, photo: ArchivedPhoto, name: str) -> Iterator[bytes]:
        """A photo's bytes, within the limits."""
        size = 0
        try:
            with self._archive(path).open(photo.info) as packed:
                while block := packed.read(BLOCK):
                    size += len(block)
                    self.bytes_left -= len(block)
                    if size > MAX_PHOTO_BYTES:
                        raise ArchiveError(too_large(name))
                    if self.bytes_left < 0:
                        raise ArchiveError(
                            f"{name} was left out, as the archives hold too much: choose it in another run."
                        )
                    yield block
        except DAMAGED as error:
            raise ArchiveError(f"{name} is damaged in its archive: pack it again, or choose it alone.") from error

    def _archive(self, path: str | os.PathLike) -> Archive:
        """The archive, kept open for its next photo."""
        if self._opened is None or self._opened[0] != os.fspath(path):
            self._close()
            self._opened = (os.fspath(path), Archive(path))
        return self._opened[1]

    def _close(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
