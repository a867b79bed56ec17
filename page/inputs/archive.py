"""Lists the photos of a ZIP archive by their names, and what is wrong with them, before anything is unpacked."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gender_age.errors import GenderAgeError
from gender_age.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES, WANTED
from gender_age.photo_names import photo_name
from gender_age.refusals import UNREADABLE
from gender_age.zip_names import stored_path

from .archived_names import file_name, shown_path

ARCHIVE_SUFFIXES = frozenset(".zip .7z .rar .tar .tgz .gz .bz2 .xz".split())  # noqa: SIM905

# A phone's photo has some 5 MB, a camera's largest JPEG some 40.
MAX_PHOTO_BYTES = 50 * 2**20
# The central directory at an archive's end is read whole: two megabytes list some 20,000 photos.
MAX_DIRECTORY_BYTES = 2 * 2**20

LEADS_OUT = "has a path that leads out of its archive: pack it again."
ENCRYPTED_FLAGS = 0x1 | 0x40
# What `zipfile` raises on damaged archives.
DAMAGED = (*UNREADABLE, zipfile.BadZipFile, MemoryError)


class ArchiveError(GenderAgeError):
    """An archive, or a photo in it, cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class ArchivedPhoto:
    """A file of an archive that is a photo by its name, or an archive again.

    Attributes:
        name: its path inside the archive, safe to print; only the base name of one that leads out.
        file_name: its base name, safe to use as a file's name.
        info: where it is in the archive.
        error: a sentence that says why it is not unpacked, else None.
    """

    name: str
    file_name: str
    info: zipfile.ZipInfo
    error: str | None = None


class _BoundedReader(io.BufferedReader):
    """A file that refuses reads longer than a central directory may be.

    `zipfile` reads the directory in one piece, of the size that the archive claims.
    """

    def read(self, size: int | None = -1) -> bytes:
        wanted = size
        if wanted is None or wanted < 0:
            wanted = os.fstat(self.fileno()).st_size - self.tell()
        if wanted > MAX_DIRECTORY_BYTES:
            raise ArchiveError("lists too many files: make several smaller archives of it.")
        return super().read(size)


class Archive(zipfile.ZipFile):
    """A ZIP archive opened for reading; a context manager."""

    _reader: _BoundedReader | None = None  # until the file is open

    def __init__(self, path: str | os.PathLike) -> None:
        self._reader = _BoundedReader(io.FileIO(path))
        name = f"“{photo_name(path)}”"
        try:
            super().__init__(self._reader)
        except ArchiveError as error:
            self._reader.close()
            raise ArchiveError(f"{name} {error}") from None
        except DAMAGED as error:
            self._reader.close()
            raise ArchiveError(f"{name} is not a ZIP archive, or is damaged: pack it again.") from error

    def close(self) -> None:
        super().close()
        if self._reader is not None:
            self._reader.close()


def is_archive(path: str | os.PathLike) -> bool:
    """Whether this is a ZIP archive by its suffix."""
    return Path(path).suffix.lower() == ".zip"


def list_photos(path: str | os.PathLike) -> list[ArchivedPhoto]:
    """The photos of a ZIP archive in stored order; nothing is unpacked.

    Without folders, hidden files, macOS's metadata, and files that are not photos by their name.

    Raises:
        ArchiveError: it cannot be read, lists too many files, or holds no photo.
    """
    try:
        with Archive(path) as archive:
            infos = archive.infolist()
    except OSError as error:
        raise ArchiveError(f"“{photo_name(path)}” cannot be read: upload it again.") from error
    photos = [photo for info in infos if (photo := _photo(info)) is not None]
    if not photos:
        raise ArchiveError(f"“{photo_name(path)}” holds no photo: put JPEG or PNG photos into it.")
    return photos


def too_large(name: str) -> str:
    """The sentence for a file with too many bytes; `name` includes its quotation marks."""
    return f"{name} is too large: the limit is {MAX_PHOTO_BYTES // 2**20} MB, save it smaller and try again."


def _photo(info: zipfile.ZipInfo) -> ArchivedPhoto | None:
    """The photo of an entry; None for an entry to skip."""
    path = stored_path(info)
    parts = [part for part in path.split("/") if part]
    if path.endswith("/") or not parts or _is_hidden(parts):
        return None
    suffix = Path(parts[-1]).suffix.lower()
    if suffix not in PHOTO_SUFFIXES | UNREADABLE_SUFFIXES | ARCHIVE_SUFFIXES:
        return None
    base_name = file_name(parts[-1])
    leads_out = _leads_out(path, parts)
    name = base_name if leads_out else shown_path(parts)
    problem = LEADS_OUT if leads_out else _problem(info, suffix)
    return ArchivedPhoto(name, base_name, info, None if problem is None else f"“{name}” {problem}")


def _is_hidden(parts: Sequence[str]) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


def _leads_out(path: str, parts: Sequence[str]) -> bool:
    """Whether a path is absolute, has a drive, or goes up."""
    return path.startswith("/") or ".." in parts or re.match("[A-Za-z]:", path) is not None


def _problem(info: zipfile.ZipInfo, suffix: str) -> str | None:
    """The reason not to unpack this file, as the end of a sentence, else None."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "is a link in its archive, not a photo: put the photo itself into it."
    if suffix in ARCHIVE_SUFFIXES:
        return f"is an archive in an archive: unpack it and choose {WANTED}."
    if info.flag_bits & ENCRYPTED_FLAGS:
        return "is locked with a password: unpack it and choose the photo itself."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Other compression methods may need gigabytes of memory to unpack a byte.
        return "is packed in an unusual way: pack it again with the usual settings."
    if info.file_size > MAX_PHOTO_BYTES:
        return too_large("").strip()
    return None
