"""Own photos as files: a folder or archive with tables of labels or folders named by class, or a table naming files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyarrow import parquet

from gender_age.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES

from ..errors import DataError, RepeatedColumnError
from .archives import list_files, read_files
from .class_folders import FOLDER_AGE, FOLDER_GENDER, class_rows, split_of
from .columns import USUAL_NAMES, Wishes, choose_columns
from .own_faces import NO_FILE, Row
from .own_labels import plain_name, split_of_table
from .own_paths import (
    FilesOnDisk,
    StoredFiles,
    is_absolute,
    missing_reason,
    moved_from,
    with_slashes,
    without_start,
)
from .record import Skipped
from .tables import TABLE_SUFFIXES, read_table

METADATA_STEM = "metadata"
FOLDERS = "the folders' names"
IMAGE_NAMES = tuple(map(plain_name, USUAL_NAMES["image"]))
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
        skipped: images without labels.
        unnamed: images that no table names.
    """

    rows: Sequence[Row]
    columns: Sequence[str]
    listing: Sequence[object]
    read: Read
    image: str
    skipped: Sequence[Skipped] = ()
    unnamed: Sequence[str] = ()


def open_files(path: Path, listing: Sequence[tuple[str, int]], wishes: Wishes) -> Opened | None:
    """Opens a folder or archive; None if there is neither a table that names its images nor a folder named by class.

    Args:
        path: the folder or archive.
        listing: what `list_files` says of it.
        wishes: what the user says; words of ages and genders may be names of folders.

    Raises:
        DataError: a table cannot be read, or lacks a wanted column, or folders may be named by age or by gender.
    """
    wanted = wishes.columns
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
        rows, named = class_rows(images, wishes.values), FOLDERS
        columns = {FOLDER_AGE: None, FOLDER_GENDER: None}
    if not rows:
        return None
    named_files = {row.file for row in rows}
    unnamed = [image for image in images if image not in named_files]

    def read(files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(path, files)

    return Opened(rows, list(columns), listing, read, named, unnamed=unnamed)


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
    files_here = FilesOnDisk(path.parent)
    start = moved_from([name for name in names if not _is_there(name)], files_here.has)
    places = [files_here.find(without_start(name, start)) if name else None for name in names]
    there = {place: Path(os.path.normpath(place.absolute())) for place in places if place}
    # Names from the folder that all files share: a path of this machine is nobody else's business.
    try:
        common = Path(os.path.commonpath([file.parent for file in there.values()])) if there else path.parent
    except ValueError:
        raise DataError(f"{path} names photos on several drives: copy them to one") from None
    files = {file.relative_to(common).as_posix(): file for file in there.values()}
    rows = [
        Row(
            _public_name(name) or f"row {number}",
            there[place].relative_to(common).as_posix() if place in there else None,
            row,
            reason=missing_reason(name),
        )
        for number, (name, place, row) in enumerate(zip(names, places, table, strict=True), 1)
    ]

    def read(wanted_files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(common, wanted_files)

    return Opened(rows, columns, [(name, file.stat().st_size) for name, file in sorted(files.items())], read, image)


def _public_name(name: str) -> str:
    """As a report may show it: of a path of this machine, the end only."""
    return PurePosixPath(name).name if ".." in Path(name).parts else _without_folders(name)


def _without_folders(name: str) -> str:
    """The end of an absolute path; any other as it is."""
    path = with_slashes(name)
    return PurePosixPath(path).name if is_absolute(path) else name


def _is_there(name: str) -> bool:
    """Whether a table's path is absolute and of this machine."""
    return is_absolute(name) and os.path.exists(name)


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


def _table_rows(
    name: str, data: bytes | None, stored: StoredFiles, wanted: Mapping[str, str]
) -> tuple[str, list[Row]] | None:
    """The column that names images and the rows; None for a table of other things, such as a list of classes."""
    named_so = PurePosixPath(name).stem.lower() == METADATA_STEM
    try:
        table = read_table(name, data or b"")
    except RepeatedColumnError as error:
        if named_so or any(column == wanted.get("image") or _names_images(column) for column in error.columns):
            raise
        return None
    except DataError:
        if named_so:
            raise
        return None
    columns = list(dict.fromkeys(column for row in table for column in row))
    usual = sorted(filter(_names_images, columns), key=lambda column: IMAGE_NAMES.index(plain_name(column)))
    candidates = [wanted["image"]] if "image" in wanted else usual
    folder = PurePosixPath(name).parent.as_posix()
    without_files = None
    for image in candidates if set(candidates) <= set(columns) else ():
        rows = []
        cells = [cell_name(values.get(image)) for values in table]
        start = moved_from(cells, stored.has)
        for number, (cell, values) in enumerate(zip(cells, table, strict=True), 1):
            file, reason = stored.find(without_start(cell, start), folder) if cell else (None, NO_FILE)
            split = split_of(file or name) or split_of_table(PurePosixPath(name).stem)
            rows.append(Row(_without_folders(cell) or f"row {number} of {name}", file, values, split, reason, name))
        if any(row.file for row in rows):
            return image, rows
        without_files = without_files or (image, rows)
    if named_so and without_files:
        return without_files
    if named_so and table:
        raise DataError(f"{name} has no column `file_name`{_no_header(columns)}")
    return None


def _names_images(column: str) -> bool:
    return plain_name(column) in IMAGE_NAMES


def _no_header(columns: Sequence[str]) -> str:
    """What to do about a table whose columns name no images."""
    if any(is_image(column) for column in columns):
        return (
            f": its first line is {', '.join(columns)}; write the columns' names above it, such as file_name,age,gender"
        )
    return f"; it has {', '.join(columns)}: say which with --image"


def list_source(path: Path) -> list[tuple[str, int]]:
    """`list_files`, of a path that may be a table: an empty list."""
    return [] if path.is_file() and path.name.lower().endswith(TABLE_SUFFIXES) else list_files(path)
