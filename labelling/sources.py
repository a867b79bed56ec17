"""SOURCE, as pieces that are read one by one: photos in files, and tables with a column of photos."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from gender_age.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES
from gender_age.video_formats import VIDEO_SUFFIXES

from .errors import LabellingError, named
from .items import place_of, store_of, utf8
from .output import RECORD
from .pieces import Files, Piece
from .tables import COLUMN_OF_PHOTOS, lance_pieces, row_groups
from .whole_listing import is_hidden, whole_listing

HUB = "hf://datasets/"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
MAGIC = re.compile(r"[*?\[]")
TABLE = ".parquet"
# Photos or videos that are read, searched and written together: a driver that dies loses those it was at. A video takes
# minutes.
MOST_PHOTOS, MOST_VIDEOS, PIECES_PER_CPU = 1000, 4, 16
# Footers of tables, read at once.
READERS = 16


def pieces_of(source: str, num_cpus: int, column: str | None = None, videos: bool = False) -> list[Piece]:
    """What SOURCE holds, in an order that is the same in every run.

    Args:
        source: a folder, file or pattern of this machine; an fsspec address of one; `owner/name` of a Hub dataset.
            What exists on this machine comes first. Hidden files, and those that are no photos by name, are left out;
            so is every folder that labelling wrote.
        num_cpus: of the cluster, each of which should get several pieces.
        column: of tables, with the photos; None finds it.
        videos: look for videos, not photos; tables hold none.

    Raises:
        LabellingError: there is no such place, it cannot be read, or it holds no photo.
    """
    with named(source, "cannot be read", "check the name and that it may be read"):
        if source.endswith(".lance"):
            return lance_pieces(source, column)
        listing = _listed(source)
        pieces = _videos(listing, num_cpus) if videos else _pieces(listing, num_cpus, column)
    if not pieces:
        wanted = "video" if videos else "photo, and no table with a column of photos"
        raise LabellingError(f"{source} holds no {wanted}: name another place.")
    return pieces


@dataclass(frozen=True)
class Listing:
    """Files of a file system.

    Attributes:
        given: the part of SOURCE that stands for `root`.
        root: the place that all of them are in; a file's own, if it is the only one.
        places: the files, sorted.
    """

    fs: AbstractFileSystem
    given: str
    root: str
    places: Sequence[str]

    def path(self, place: str) -> str:
        """SOURCE joined with the place inside: the same in every run."""
        inside = place[len(self.root) :].lstrip("/")
        return utf8(f"{self.given.rstrip('/')}/{inside}" if self.given and inside else self.given or inside)


def _listed(source: str) -> Listing:
    exists = os.path.lexists(source)
    address = os.path.abspath(source) if exists else source
    if not exists and HUB_ID.fullmatch(source) and not Path(source).parent.exists():
        address = HUB + source
    fs, root = place_of(address)
    if fs.exists(root):
        given = source
        with whole_listing(fs, root):
            found = fs.find(root)
    elif MAGIC.search(source):
        given, root, found = _matching(source, fs, root)
    else:
        raise LabellingError(f"There is no {source}: name a folder, a pattern, an address or a Hub dataset.")
    labelled = tuple(place.removesuffix(RECORD) for place in found if place.endswith(f"/{RECORD}"))
    places = (place for place in found if not place.startswith(labelled) and not is_hidden(place[len(root) :]))
    return Listing(fs, given, root, sorted(places))


def _pieces(listing: Listing, num_cpus: int, column: str | None) -> list[Piece]:
    fs, places = listing.fs, listing.places
    tables = [place for place in places if place.lower().endswith(TABLE)]
    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(lambda place: row_groups(fs, place, listing.path(place), column), tables))
    # A broken table is opened as a photo, and its row says that it is none.
    broken = {place for place, rows in zip(tables, found, strict=True) if rows is None}
    suffixes = PHOTO_SUFFIXES | UNREADABLE_SUFFIXES
    photos = [place for place in places if place in broken or _suffix(place) in suffixes]
    files = _files(listing, photos, num_cpus, MOST_PHOTOS)
    rows = [group for groups in found for group in groups or ()]
    if tables and column is not None and not rows:
        raise LabellingError(f"No table of {listing.given} has photos in a column {column}: {COLUMN_OF_PHOTOS}.")
    return [*files, *rows]


def _videos(listing: Listing, num_cpus: int) -> list[Piece]:
    places = [place for place in listing.places if _suffix(place) in VIDEO_SUFFIXES]
    return _files(listing, places, num_cpus, MOST_VIDEOS)


def _files(listing: Listing, places: Sequence[str], num_cpus: int, most: int) -> list[Piece]:
    """Args: places: those of the listing that are taken. most: of one piece."""
    paths = [listing.path(place) for place in places]
    encoded, store = [os.fsencode(place) for place in places], store_of(listing.fs)
    size = max(1, min(most, -(-len(places) // (PIECES_PER_CPU * num_cpus))))
    return [Files(paths[i : i + size], encoded[i : i + size], store) for i in range(0, len(paths), size)]


def _suffix(place: str) -> str:
    return PurePosixPath(place).suffix.lower()


def _matching(source: str, fs: AbstractFileSystem, pattern: str) -> tuple[str, str, list[str]]:
    """A `Listing`'s `given`, `root` and `places`. Paths are relative to the last folder without a wildcard."""
    given = _before_wildcard(source)
    if not isinstance(fs, LocalFileSystem):
        root = _before_wildcard(pattern)
        with whole_listing(fs, root, pattern[len(root) :]):
            found = fs.glob(pattern, detail=True)
        return given, root, [place for place in found if found[place]["type"] != "directory"]
    # Of a relative pattern, fsspec's `glob` would take the brackets of the working directory for wildcards, too.
    _, root = place_of(given)
    inside = source[len(given) :]
    is_match = re.compile(glob_translate(inside)).match
    with whole_listing(fs, root, inside):
        found = fs.find(root, maxdepth=None if "**" in inside else inside.count("/") + 1)
    relative = ((place, place[len(root) :].lstrip("/")) for place in found)
    return given, root, [place for place, path in relative if is_match(path) and not fs.isdir(place)]


def _before_wildcard(pattern: str) -> str:
    before = MAGIC.split(pattern, maxsplit=1)[0]
    return before[: before.rfind("/") + 1]
