"""The work folder of `prepare`: a journal of the processed images, from which a killed run resumes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from ..errors import DataError
from .splits import THUMBNAIL_SIDE

THUMBNAIL_BYTES = THUMBNAIL_SIDE**2
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Staged:
    """One processed image.

    Attributes:
        file: path within the source.
        reason: why it is skipped; None if usable.
        landmarks: five `(x, y)` in pixels, or None if no face was detected.
        offset: byte offset in the store of its thumbnail, which the encoded bytes follow.
        length: number of encoded bytes.
        sha256: hexadecimal digest of the encoded bytes.
    """

    file: str
    reason: str | None = None
    landmarks: tuple[tuple[float, float], ...] | None = None
    offset: int = 0
    length: int = 0
    sha256: str = ""


class Staging:
    """An append-only journal (one JSON line per image) and a store of thumbnails and encoded images.

    Opening truncates incomplete writes: the journal at the first line that is incomplete or refers to bytes beyond the
    end of the store, then the store after the last remaining entry.
    """

    def __init__(self, folder: Path) -> None:
        self.entries: dict[str, Staged] = {}
        self._journal_path = folder / "journal.jsonl"
        self._store_path = folder / "images.bin"
        for path in (self._journal_path, self._store_path):
            path.touch()
        self._recover()
        self._journal = self._journal_path.open("a", encoding="utf-8")
        self._store = self._store_path.open("ab")

    def add(self, file: str, image: bytes, thumbnail: np.ndarray, landmarks) -> None:
        """Appends a usable image: encoded bytes, thumbnail and landmarks (five `(x, y)` or None)."""
        offset = self._store.tell()
        self._store.write(thumbnail.tobytes())
        self._store.write(image)
        digest = hashlib.sha256(image).hexdigest()
        self._note(Staged(file, None, landmarks, offset, len(image), digest))

    def skip(self, file: str, reason: str) -> None:
        """Records an unusable image."""
        self._note(Staged(file, reason))

    def flush(self) -> None:
        """Flushes to the operating system, so that a kill does not lose the entries."""
        self._store.flush()
        self._journal.flush()

    def close(self) -> None:
        self.flush()
        self._store.close()
        self._journal.close()

    def usable(self) -> list[Staged]:
        """The images that are not skipped, sorted by file."""
        return sorted((entry for entry in self.entries.values() if entry.reason is None), key=lambda entry: entry.file)

    def thumbnails(self, entries: list[Staged]) -> np.ndarray:
        """Uint8 of shape `(len(entries), THUMBNAIL_SIDE, THUMBNAIL_SIDE)`."""
        pixels = np.empty((len(entries), THUMBNAIL_BYTES), np.uint8)
        with self._store_path.open("rb") as store:
            for row, entry in zip(pixels, entries, strict=True):
                store.seek(entry.offset)
                row[:] = np.frombuffer(store.read(THUMBNAIL_BYTES), np.uint8)
        return pixels.reshape(-1, THUMBNAIL_SIDE, THUMBNAIL_SIDE)

    def images(self, entries: list[Staged]) -> Iterator[bytes]:
        """The encoded bytes of `entries`, in their order, one at a time."""
        with self._store_path.open("rb") as store:
            for entry in entries:
                store.seek(entry.offset + THUMBNAIL_BYTES)
                yield store.read(entry.length)

    def _note(self, entry: Staged) -> None:
        values = {name: getattr(entry, name) for name in Staged.__dataclass_fields__}
        self._journal.write(json.dumps(values) + "\n")
        self.entries[entry.file] = entry

    def _recover(self) -> None:
        stored = self._store_path.stat().st_size
        read = end = 0
        with self._journal_path.open("rb") as journal:
            for line in journal:
                entry = _parse(line)
                if entry is None or (after := _end(entry, end)) > stored:
                    break
                self.entries[entry.file] = entry
                read, end = read + len(line), after
        os.truncate(self._journal_path, read)
        os.truncate(self._store_path, end)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Locks `folder`, created if absent, for this process; the system releases the lock if the process is killed.

    The block may remove `folder`. Windows cannot delete an open lock file, so the remainder is removed at the end.

    Raises:
        DataError: another process holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(folder / LOCK).acquire(timeout=0)
    except Timeout as error:
        raise DataError(f"another `prepare` is writing to {folder}; wait for it or end it") from error
    with held:
        yield
    with suppress(OSError):
        folder.rmdir()  # fails unless empty


def _parse(line: bytes) -> Staged | None:
    if not line.endswith(b"\n"):
        return None
    try:
        values = json.loads(line)
        landmarks = values["landmarks"] and tuple((x, y) for x, y in values["landmarks"])
        return Staged(**{**values, "landmarks": landmarks})
    except (ValueError, TypeError, KeyError):
        return None


def _end(entry: Staged, end: int) -> int:
    return end if entry.reason is not None else entry.offset + THUMBNAIL_BYTES + entry.length
