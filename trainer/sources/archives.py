"""One way to list and read the files of a folder, a `.tar(.gz)` or a `.zip`; nothing is ever extracted to disk."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DataError

TAR_SUFFIXES = (".tar.gz", ".tgz", ".tar")
ZIP_SUFFIXES = (".zip",)
# A face chip has some 5 kB and a photo a few MB; more is no photo, and an archive may claim any size (zip bombs).
LARGEST_FILE = 64 * 2**20


def is_archive(path: Path) -> bool:
    """Whether the name says tar or zip."""
    return path.name.lower().endswith(TAR_SUFFIXES + ZIP_SUFFIXES)


def list_files(path: Path) -> list[tuple[str, int]]:
    """`(name, size in bytes)` of every regular file, sorted; names are relative, with `/` between folders.

    macOS's own files (`__MACOSX/`, `._x`, `.DS_Store`) are left out.

    Raises:
        DataError: the path is missing, is neither folder nor archive, or the archive is damaged.
    """
    if path.is_dir():
        found = [(file.relative_to(path).as_posix(), file.stat().st_size) for file in _walk(path)]
    elif not path.exists():
        raise DataError(f"{path} does not exist")
    elif path.name.lower().endswith(TAR_SUFFIXES):
        with _damage_reported(path), tarfile.open(path, "r|*") as archive:
            found = [(member.name, member.size) for member in archive if member.isreg()]
    elif path.name.lower().endswith(ZIP_SUFFIXES):
        with _damage_reported(path), zipfile.ZipFile(path) as archive:
            found = [(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
    else:
        raise DataError(f"{path} is neither a folder nor one of {', '.join(TAR_SUFFIXES + ZIP_SUFFIXES)}")
    return sorted((name, size) for name, size in found if not _is_junk(name))


def read_files(path: Path, wanted: set[str]) -> Iterator[tuple[str, bytes | None]]:
    """`(name, bytes)` of the wanted names of `list_files`, in stored order, one in memory at a time.

    A file larger than `LARGEST_FILE` or, in a folder, one that cannot be read comes with `None`.

    Raises:
        DataError: the archive is damaged.
    """
    if path.is_dir():
        for name in sorted(wanted):
            yield name, _read_plain(path / name)
    elif path.name.lower().endswith(TAR_SUFFIXES):
        remaining = set(wanted)
        with _damage_reported(path), tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.isreg() and member.name in remaining:
                    # The same name may be stored twice; the first one counts.
                    remaining.remove(member.name)
                    content = archive.extractfile(member)
                    yield member.name, content.read() if member.size <= LARGEST_FILE else None
    else:
        with _damage_reported(path), zipfile.ZipFile(path) as archive:
            for name in sorted(wanted):
                # `file_size` is what the archive claims; reading one byte more than allowed shows a false claim.
                with archive.open(name) as content:
                    data = content.read(LARGEST_FILE + 1)
                yield name, data if len(data) <= LARGEST_FILE else None


def digest(lines: Iterable[object]) -> str:
    """SHA-256 over the text of `lines`, in their order."""
    state = hashlib.sha256()
    for line in lines:
        state.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_junk(name)]
        yield from (file for name in names if (file := Path(parent, name)).is_file())


def _read_plain(file: Path) -> bytes | None:
    try:
        return file.read_bytes() if file.stat().st_size <= LARGEST_FILE else None
    except OSError:
        return None


def _is_junk(name: str) -> bool:
    return any(part == "__MACOSX" or part.startswith("._") or part == ".DS_Store" for part in name.split("/"))


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    # RuntimeError: a zip that wants a password, or packed in a way Python does not know.
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise DataError(f"{path} is damaged or not of the kind its name says: {error}") from error
