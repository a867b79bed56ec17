"""An item is one photo before it is opened: a file somewhere, or the bytes in a cell of a table."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

import pyarrow
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from gender_age.images import Photo
from gender_age.lost_folder import why_lost
from gender_age.photo_bytes import PhotoBytes, TemporaryCopy
from gender_age.photo_names import photo_name

from .errors import NoRoomError, PlaceLostError, StoreLostError, first_line, named

SCHEMA = pyarrow.schema(
    [
        ("path", pyarrow.string()),
        ("store", pyarrow.string()),
        ("place", pyarrow.binary()),
        ("data", pyarrow.binary()),
        ("error", pyarrow.string()),
    ]
)
"""`path`: the photo's id, in UTF-8. `store`: its file system, as fsspec's `to_json` has it, with the keys that SOURCE
names; null for a file of this machine. `place`: where it is there, as `os.fsencode` has it: no address, in which fsspec
would look for "::". `data`: the file's content, where it was read already. `error`: why it could not be."""

# Of one photo's file: 85 megapixels of uncompressed PNG are less. A cell of a table is bounded by its table.
MAX_BYTES = 300_000_000
# Of a video, in memory at once.
CHUNK_BYTES = 8 << 20


def utf8(path: str) -> str:
    """A path as text that Arrow takes: bytes that are no UTF-8 come escaped, as in all tables of faces."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def place_of(address: str, **options: object) -> tuple[AbstractFileSystem, str]:
    """The file system of an address and the place in it. A path of this machine may have "::", which fsspec chains."""
    if os.path.isabs(address) or "://" not in address:
        return LocalFileSystem(), Path(os.path.abspath(os.path.expanduser(address))).as_posix()
    return url_to_fs(address, **options)


def store_of(fs: AbstractFileSystem) -> str | None:
    """A file system as items have it: fsspec's JSON, None for this machine's."""
    return None if isinstance(fs, LocalFileSystem) else fs.to_json()


@contextmanager
def reading(fs: AbstractFileSystem, place: str) -> Iterator[None]:
    """Tells a file that cannot be read from a store that is gone, which is asked for the file's folder.

    Raises:
        StoreLostError: the store no longer answers, or lets nobody in; all else is passed on as it is.
    """
    try:
        yield
    except NoRoomError:
        raise
    except Exception as error:  # the library of every store has errors of its own
        folder = fs._parent(place)
        if isinstance(fs, LocalFileSystem):
            check_folder(folder)
        elif not isinstance(error, FileNotFoundError) and not _answers(fs, folder):
            lost = f"{fs.unstrip_protocol(folder)} can no longer be read ({first_line(error)})"
            raise StoreLostError(lost) from error
        raise


def check_folder(folder: str) -> None:
    """Asks for the folder of a file of this machine that could not be used.

    Raises:
        StoreLostError: it is gone or, as the place where a disk was, empty.
    """
    if reason := why_lost(folder):
        raise StoreLostError(f"{folder} can no longer be read ({reason})")


def _answers(fs: AbstractFileSystem, folder: str) -> bool:
    try:
        fs.invalidate_cache()
        fs.info(folder)
    except FileNotFoundError:  # an answer, too
        return True
    except Exception:  # as above
        return False
    return True


def fetched(item: dict, is_video: bool = False) -> dict:
    """An item with its content, if its file is not on this machine.

    Args:
        is_video: the content is a temporary file without a name, as videos have gigabytes.

    Raises:
        LabellingError: its store is gone or cannot be reached, or there is no room for the temporary file.
    """
    if item["data"] is not None or item["store"] is None:
        return item
    with named("The store of SOURCE", "cannot be reached", "check that every node has its package and its keys"):
        fs = AbstractFileSystem.from_json(item["store"])
    name, place = f"“{photo_name(item['path'])}”", os.fsdecode(item["place"])
    try:
        with reading(fs, place):
            data = _copy(fs, place) if is_video else _content(fs, place)
    except PlaceLostError:
        raise
    except Exception as error:  # the library of every store has errors of its own
        return item | {
            "error": f"{name} cannot be fetched ({first_line(error)}): check that it is there and may be read."
        }
    if isinstance(data, bytes) and len(data) > MAX_BYTES:
        return item | {"error": f"{name} is too large: the limit is {MAX_BYTES // 1_000_000} MB, save it smaller."}
    return item | {"data": data}


def _content(fs: AbstractFileSystem, place: str) -> bytes:
    try:
        return fs.cat_file(place, start=0, end=MAX_BYTES + 1)
    except OSError as error:
        # Of an empty file S3 has no such range.
        if isinstance(error, FileNotFoundError) or fs.size(place) != 0:
            raise
        return b""


def _copy(fs: AbstractFileSystem, place: str) -> BufferedRandom:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # whoever opens the video closes it
    with fs.open(place, "rb", block_size=CHUNK_BYTES) as file:
        while chunk := file.read(CHUNK_BYTES):
            _write(copy, chunk)
    return copy


def _write(copy: BufferedRandom, chunk: bytes) -> None:
    try:
        copy.write(chunk)
        copy.flush()
    except OSError as error:
        raise NoRoomError(
            f"The temporary folder {tempfile.gettempdir()} cannot take a video ({error.strerror}): make room, or name "
            "another folder in TMPDIR"
        ) from error


def check_place(item: dict) -> None:
    """Asks for the folder of an item that could not be used; what was fetched has answered.

    Raises:
        StoreLostError: as `check_folder`.
    """
    if item["data"] is None:
        check_folder(os.path.dirname(os.fsdecode(item["place"])))


def photo_of(item: dict) -> Photo:
    """What the opener takes for an item without an error; also of a video."""
    data, path = item["data"], item["path"]
    if data is None:
        return os.fsdecode(item["place"])
    return PhotoBytes(data, path) if isinstance(data, bytes) else TemporaryCopy(data, path)
