"""Lists and reads the files of a folder, `.tar(.gz)` or `.zip`, without extracting to disk."""

from __future__ import annotations

import errno
import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gender_age.lost_folder import why_lost
from gender_age.zip_names import stored_path

from ..errors import DataError

TAR_SUFFIXES = (".tar.gz", ".tgz", ".tar")
ZIP_SUFFIXES = (".zip",)
ARCHIVE_SUFFIXES = TAR_SUFFIXES + ZIP_SUFFIXES
# Bytes. A face crop has about 5 kB, a photo a few MB; the limit guards against zip bombs.
LARGEST_FILE = 64 * 2**20
DIGEST_BLOCK = 2**20
LOST = (errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ENODEV)
"""Error numbers of a disk or share that is gone."""


def is_archive(path: Path) -> bool:
    """Whether the file name has a tar or zip suffix."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def list_files(path: Path) -> list[tuple[str, int]]:
    """`(name, size in bytes)` of every regular file, sorted; names are relative, with `/` between folders.

    macOS metadata files (`__MACOSX/`, `._x`, `.DS_Store`) are skipped.

    Raises:
        DataError: the path is missing, neither folder nor archive, or a damaged archive.
    """
    if path.is_dir():
        found = [(file.relative_to(path).as_posix(), file.stat().st_size) for file in _walk(path)]
    elif not path.exists():
        raise DataError(f"{path} does not exist")
    elif path.name.lower().endswith(TAR_SUFFIXES):
        with _damage_reported(path), tarfile.open(path, "r|*") as archive:
            found = [(_tar_path(member), member.size) for member in archive if member.isreg()]
    elif path.name.lower().endswith(ZIP_SUFFIXES):
        with _damage_reported(path), zipfile.ZipFile(path) as archive:
            found = [(stored_path(info), info.file_size) for info in archive.infolist()]
            found = [(name, size) for name, size in found if not name.endswith("/")]
    else:
        raise DataError(f"{path} is neither a folder nor one of {', '.join(ARCHIVE_SUFFIXES)}")
    return sorted((name, size) for name, size in found if not _is_junk(name))


def read_files(path: Path, wanted: set[str]) -> Iterator[tuple[str, bytes | None]]:
    """Yields `(name, bytes)` of the wanted files, in stored order.

    The bytes are `None` for a file larger than `LARGEST_FILE`, or an unreadable file of a folder.

    Raises:
        DataError: the archive is damaged, or the disk is gone.
    """
    if not path.name.lower().endswith(ARCHIVE_SUFFIXES) or path.is_dir():
        for name in sorted(wanted):
            yield name, read_plain(path / name, (path / name).parent)
    elif path.name.lower().endswith(TAR_SUFFIXES):
        remaining = set(wanted)
        with _damage_reported(path), tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.isreg() and (name := _tar_path(member)) in remaining:
                    # Names may repeat; the first one counts.
                    remaining.remove(name)
                    content = archive.extractfile(member)
                    yield name, content.read() if member.size <= LARGEST_FILE else None
    else:
        with _damage_reported(path), zipfile.ZipFile(path) as archive:
            infos = {stored_path(info): info for info in archive.infolist()}
            for name in sorted(wanted):
                # The header's `file_size` may be false; one byte more than the limit shows it.
                with archive.open(infos[name]) as content:
                    data = content.read(LARGEST_FILE + 1)
                yield name, data if len(data) <= LARGEST_FILE else None


def digest(lines: Iterable[object]) -> str:
    """Hexadecimal SHA-256 of the text of `lines`."""
    state = hashlib.sha256()
    for line in lines:
        state.update(f"{line}\n".encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def folder_digest(folder: Path) -> str:
    """Hexadecimal SHA-256 of the names and contents of all files in `folder`."""
    return digest((file.relative_to(folder).as_posix(), file_digest(file)) for file in sorted(_walk(folder)))


def file_digest(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(DIGEST_BLOCK):
            state.update(block)
    return state.hexdigest()


def unpack(path: Path, folder: Path) -> None:
    """Extracts an archive of this machine's owner into `folder`; links and paths that lead outside are refused.

    Raises:
        DataError: the archive is damaged.
    """
    with _damage_reported(path):
        if path.name.lower().endswith(TAR_SUFFIXES):
            if not hasattr(tarfile, "data_filter"):
                raise DataError(f"{path} takes Python 3.10.12, 3.11.4 or later: unpack it first, and name the folder")
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
        else:
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    info.filename = stored_path(info)
                archive.extractall(folder, archive.infolist())


def _tar_path(member: tarfile.TarInfo) -> str:
    """As in the folder that was packed: `tar -cf photos.tar .` puts `./` before every name."""
    return member.name.removeprefix("./")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_junk(name)]
        yield from (file for name in names if (file := Path(parent, name)).is_file())


def read_plain(file: Path, folder: Path | None) -> bytes | None:
    """The bytes of a file; None if it is too large, missing or forbidden.

    Args:
        file: its path.
        folder: one that was there with files when the source was opened; None if there is none.

    Raises:
        DataError: the disk is gone: `folder` is missing or, as the place where a disk was, empty.
    """
    try:
        return file.read_bytes() if file.stat().st_size <= LARGEST_FILE else None
    except OSError as error:
        if error.errno in LOST:
            raise _lost(file, error.strerror) from error
    if folder is not None and (reason := why_lost(folder)):
        raise _lost(folder, reason)
    return None


def _lost(path: Path, reason: str) -> DataError:
    return DataError(f"{path} can no longer be read ({reason}); what was done is kept, and the same command goes on")


def _is_junk(name: str) -> bool:
    return any(part == "__MACOSX" or part.startswith("._") or part == ".DS_Store" for part in name.split("/"))


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    # RuntimeError: an encrypted zip, or an unsupported compression method.
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in LOST:
            raise _lost(path, error.strerror) from error
        raise DataError(f"{path} is damaged or not of the kind its name says: {error}") from error
