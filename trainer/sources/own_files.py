"""Own photos as files: a folder or archive with tables of labels or folders named by class, or a table naming files."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyarrow import parquet

from gender_age.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES

from ..errors import DataError
from .archives import list_files, read_files
from .columns import USUAL_NAMES, choose_columns
from .own_labels import parse_age, parse_gender, parse_split
from .own_records import Row
from .record import Skipped
from .tables import TABLE_SUFFIXES, read_table

METADATA_STEM = "metadata"
FOLDER_AGE, FOLDER_GENDER = "folder age", "folder gender"
"""Columns of folders named by class."""

FOLDERS = "the folders' names"
Read = Callable[[set[str]], Iterator[tuple[str, "bytes | None"]]]


@dataclass(frozen=True, slots=True)
class Opened:
    """Own photos before their labels are read.

    Attributes:
        rows: one an image, or a face.
        columns: of the rows.
        listing: what the fingerprint is made of, beside the rows.
        read: as of `Source`, by the rows' `file`.
        image: where the images are named, for the user; not among `columns` for embedded images.
        skipped: images that are in no row.
    """

    rows: Sequence[Row]
    columns: Sequence[str]
    listing: Sequence[object]
    read: Read
    image: str
    skipped: Sequence[Skipped] = ()


class StoredFiles:
    """Finds the files that tables name: by path from the table or the root, else by the end of the path, if unique."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = set(names)
        self._by_base: dict[str, list[str]] = defaultdict(list)
        for name in names:
            path = PurePosixPath(name)
            for key in {path.name.casefold(), path.stem.casefold()}:
                self._by_base[key].append(name)

    def find(self, name: str, folder: str = "") -> str | None:
        """The stored path of `name` as a table in `folder` has it; None if there is none, or several."""
        wanted = PurePosixPath(name.strip().replace("\\", "/"))
        for path in (PurePosixPath(folder) / wanted, wanted):
            if path.as_posix() in self._names:
                return path.as_posix()
        near = self._by_base.get(wanted.name.casefold(), [])
        end = f"/{wanted.as_posix().casefold()}"
        # A table may name files without their suffix, or those of another kind.
        fitting = [each for each in near if f"/{each.casefold()}".endswith(end)] or [
            each for each in near if f"/{PurePosixPath(each).with_suffix('').as_posix().casefold()}".endswith(end)
        ]
        return fitting[0] if len(fitting) == 1 else None


def open_files(path: Path, listing: Sequence[tuple[str, int]], wanted: Mapping[str, str]) -> Opened | None:
    """Opens a folder or archive; None if there is neither a table that names its images nor a folder named by class.

    Args:
        path: the folder or archive.
        listing: what `list_files` says of it.
        wanted: our column -> theirs, as the user says.

    Raises:
        DataError: a table cannot be read, or lacks a wanted column.
    """
    images = [name for name, _ in listing if is_image(name)]
    stored = StoredFiles(images)
    tables = [name for name, _ in listing if name.lower().endswith(TABLE_SUFFIXES)]
    tables = [name for name in tables if PurePosixPath(name).stem.lower() == METADATA_STEM] or tables
    rows: list[Row] = []
    columns: dict[str, None] = {}
    named = ""
    for name, data in read_files(path, set(tables)):
        table = _table_rows(name, data, stored, wanted)
        if table is not None:
            image, found = table
            rows += found
            columns |= dict.fromkeys(column for row in found for column in row.values)
            named = f"{image} of {PurePosixPath(name).name}"
    if not rows and not wanted.get("image"):
        rows, named = _class_rows(images), FOLDERS
        columns = {FOLDER_AGE: None, FOLDER_GENDER: None}
    if not rows:
        return None

    def read(files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(path, files)

    return Opened(rows, list(columns), listing, read, named)


def open_table(path: Path, wanted: Mapping[str, str]) -> Opened:
    """Opens a table whose image column holds paths: absolute, or from the table's folder.

    Raises:
        DataError: the table cannot be read, or no column names images.
    """
    table = read_table(path.name, path.read_bytes())
    columns = list(dict.fromkeys(column for row in table for column in row))
    image = choose_columns(wanted, columns).get("image")
    if image is None:
        raise DataError(f"{path} has no column that names images; it has {', '.join(columns)}: say which with --image")
    names = [cell_name(row.get(image)) for row in table]
    places = [path.parent / name if name else None for name in names]
    there = {place: Path(os.path.normpath(place.absolute())) for place in places if place and place.is_file()}
    # Names from the folder that all files share: a path of this machine is nobody else's business.
    common = Path(os.path.commonpath([file.parent for file in there.values()])) if there else path.parent
    files = {file.relative_to(common).as_posix(): file for file in there.values()}
    rows = [
        Row(
            _public_name(name) or f"row {number}",
            there[place].relative_to(common).as_posix() if place in there else None,
            row,
        )
        for number, (name, place, row) in enumerate(zip(names, places, table, strict=True), 1)
    ]

    def read(wanted_files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(common, wanted_files)

    return Opened(rows, columns, [(name, file.stat().st_size) for name, file in sorted(files.items())], read, image)


def _public_name(name: str) -> str:
    """As a report may show it: of a path of this machine, the end only."""
    return PurePosixPath(name).name if Path(name).is_absolute() or ".." in Path(name).parts else name


def is_image(name: str) -> bool:
    """Whether a file's suffix is that of a photo."""
    return PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES | UNREADABLE_SUFFIXES


def embeds_images(path: Path) -> bool:
    """Whether a Parquet file has a column of encoded images."""
    try:
        kinds = [field.type for field in parquet.read_schema(path)]
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    return any(str(kind).startswith(("struct<bytes", "binary", "large_binary", "struct<path")) for kind in kinds)


def cell_name(cell: object) -> str:
    """The file name in a table's cell; `datasets` keeps it as `{"path": …}`."""
    if isinstance(cell, Mapping):
        cell = cell.get("path")
    return "" if cell is None else str(cell).strip()


def split_of(path: PurePosixPath | str) -> str | None:
    """The split that one of the path's folders is named after."""
    return next(filter(None, map(parse_split, PurePosixPath(path).parent.parts)), None)


def _table_rows(
    name: str, data: bytes | None, stored: StoredFiles, wanted: Mapping[str, str]
) -> tuple[str, list[Row]] | None:
    """The column that names images and the rows; None for a table of other things, such as a list of classes."""
    named_so = PurePosixPath(name).stem.lower() == METADATA_STEM
    try:
        table = read_table(name, data or b"")
    except DataError:
        if named_so:
            raise
        return None
    columns = list(dict.fromkeys(column for row in table for column in row))
    usual = [column for column in columns if column.casefold() in USUAL_NAMES["image"]]
    candidates = [wanted["image"]] if "image" in wanted else usual
    folder = PurePosixPath(name).parent.as_posix()
    for image in candidates if set(candidates) <= set(columns) else ():
        rows = []
        for number, values in enumerate(table, 1):
            cell = cell_name(values.get(image))
            file = stored.find(cell, folder) if cell else None
            split = split_of(file or name) or parse_split(PurePosixPath(name).stem)
            rows.append(Row(cell or f"row {number} of {name}", file, values, split))
        if named_so or any(row.file for row in rows):
            return image, rows
    if named_so and table:
        raise DataError(f"{name} has no column `file_name`; it has {', '.join(columns)}: say which with --image")
    return None


def _class_rows(images: Sequence[str]) -> list[Row]:
    """Rows of images whose folders are named by age or gender, such as `18/` or `train/female/30-39/`."""
    rows = []
    labelled = False
    for name in images:
        values: dict[str, object] = {}
        for part in PurePosixPath(name).parent.parts:
            if parse_split(part) is not None:
                continue
            if (gender := parse_gender(part)) is not None:
                values[FOLDER_GENDER] = gender
            elif parse_age(part) is not None:
                values[FOLDER_AGE] = part
        labelled = labelled or bool(values)
        rows.append(Row(name, name, values, split_of(name)))
    return rows if labelled else []


def list_source(path: Path) -> list[tuple[str, int]]:
    """`list_files`, of a path that may be a table: an empty list."""
    return [] if path.is_file() and path.name.lower().endswith(TABLE_SUFFIXES) else list_files(path)
