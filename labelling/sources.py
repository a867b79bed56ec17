"""SOURCE, as pieces that are read one by one: photos in files, and tables with a column of photos."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from gender_age.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES

from .errors import LabellingError
from .items import utf8
from .pieces import Files, Piece, Rows
from .tables import lance_pieces, row_groups

HUB = "hf://datasets/"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
MAGIC = re.compile(r"[*?\[]")
TABLE = ".parquet"
# Photos that are read, searched and written together: a driver that dies loses those it was at.
MOST_PHOTOS, PIECES_PER_CPU = 1000, 16
# Footers of tables, read at once.
READERS = 16


def pieces_of(source: str, num_cpus: int, column: str | None = None) -> list[Piece]:
    """What SOURCE holds, in an order that is the same in every run.

    Args:
        source: a folder, file or pattern of this machine; an fsspec address of one; `owner/name` of a Hub dataset.
            What exists on this machine comes first. Hidden files, and those that are no photos by name, are left out.
        num_cpus: of the cluster, each of which should get several pieces.
        column: of tables, with the photos; None finds it.

    Raises:
        LabellingError: there is no such place, it cannot be read, or it holds no photo.
    """
    given = source if len(source) == 1 else source.rstrip("/")
    try:
        if given.endswith(".lance"):
            return lance_pieces(given, column)
        fs, root, places = _listed(given)
        tables = [place for place in places if place.lower().endswith(TABLE)]
        with ThreadPoolExecutor(READERS) as pool:
            found = list(pool.map(lambda place: row_groups(fs, place, _path(given, root, place), column), tables))
    except LabellingError:
        raise
    except Exception as error:  # the library of every store has errors of its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
        raise LabellingError(f"{source} cannot be read ({reason}): check the name and that it may be read.") from error
    # A broken table is opened as a photo, and its row says that it is none.
    broken = {place for place, rows in zip(tables, found, strict=True) if rows is None}
    photos = [place for place in places if place in broken or _is_photo(place)]
    paths = [utf8(_path(given, root, place)) for place in photos]
    addresses = [os.fsencode(_address(fs, place)) for place in photos]
    size = max(1, min(MOST_PHOTOS, -(-len(photos) // (PIECES_PER_CPU * num_cpus))))
    files = [Files(paths[i : i + size], addresses[i : i + size]) for i in range(0, len(paths), size)]
    rows: list[Rows] = [each for groups in found for each in groups or ()]
    if not files and not rows:
        raise LabellingError(f"{source} holds no photo, and no table with a column of photos: name another place.")
    return [*files, *rows]


def _listed(given: str) -> tuple[AbstractFileSystem, str, Sequence[str]]:
    """The file system, the folder that all paths are relative to, and the files, sorted."""
    exists = os.path.lexists(given)
    if not exists and HUB_ID.fullmatch(given) and not Path(given.partition("/")[0]).exists():
        fs, root = url_to_fs(HUB + given)
    else:
        fs, root = url_to_fs(os.path.abspath(given) if exists else given)
    if not exists and MAGIC.search(given):
        # A pattern: paths are relative to the last folder without a wildcard.
        root = root[: MAGIC.search(root).start()].rpartition("/")[0]  # type: ignore[union-attr]
        return fs, root, sorted(_files(fs, fs.glob(given)))
    if not fs.exists(root):
        raise LabellingError(f"There is no {given}: name a folder, a pattern, an address or a Hub dataset.")
    if fs.isfile(root):
        return fs, root, [root]
    found = fs.find(root)
    return fs, root, sorted(place for place in found if not _is_hidden(place[len(root) :]))


def _files(fs: AbstractFileSystem, places: Sequence[str]) -> Iterator[str]:
    for place in places:
        if place.lower().endswith(TABLE) or _is_photo(place) and not fs.isdir(place):
            yield place


def _path(given: str, root: str, place: str) -> str:
    """SOURCE joined with the place inside: the same in every run, whatever folder it is run in."""
    wildcard = None if os.path.lexists(given) else MAGIC.search(given)
    start = given[: wildcard.start()].rpartition("/")[0] if wildcard else given
    inside = place[len(root) :].lstrip("/")
    return "/".join(part for part in (start, inside) if part) if start != "/" else f"/{inside}"


def _address(fs: AbstractFileSystem, place: str) -> str:
    return place if isinstance(fs, LocalFileSystem) else fs.unstrip_protocol(place)


def _is_photo(place: str) -> bool:
    return PurePosixPath(place).suffix.lower() in PHOTO_SUFFIXES | UNREADABLE_SUFFIXES


def _is_hidden(inside: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in inside.split("/"))
