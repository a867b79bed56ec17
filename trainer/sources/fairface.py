"""FairFace (https://github.com/joojs/fairface): images with a CSV of labels, or Parquet with both."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import pyarrow
from datasets import ClassLabel, Features
from pyarrow import parquet

from gender_age.labels import GENDERS

from ..errors import DataError
from .age_range import parse_age_range
from .archives import digest, read_files
from .record import RACES, Record, Skipped, Source

CSV_PATTERN = "fairface_label_*.csv"
AGE_RANGES = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70", "70+")
UNKNOWN_LABEL = "unknown age range, gender or race"
OUTSIDE = "file name points outside the folder"
NAMELESS = "no file name"
ROWS_AT_ONCE = 256


def parse_labels(file: str, age_range: object, gender: object, race: object) -> Record | None:
    """The record of one row of labels; None if a label is unknown."""
    races = {name.lower(): name for name in RACES}
    ages = parse_age_range(str(age_range))
    gender, race = str(gender).strip().lower(), races.get(str(race).strip().lower())
    if ages is None or gender not in GENDERS or race is None:
        return None
    return Record(file, *ages, gender, race)


def is_fairface(path: Path) -> bool:
    """Whether a path holds FairFace: a CSV named `CSV_PATTERN`, or Parquet with its columns and age ranges."""
    if path.is_dir() and any(path.rglob(CSV_PATTERN)):
        return True
    files = _parquet_files(path)
    try:
        table = _read_columns(files[0]) if files else None
        if table is None:
            return False
        age_column = "age_range" if "age_range" in table.column_names else "age"
        return set(_label_names(table, age_column)) <= set(AGE_RANGES)
    except (DataError, ValueError, KeyError):
        return False


def open_fairface(path: Path) -> Source:
    """Opens FairFace: the published folder (`fairface_label_train.csv` and/or `..._val.csv` and images), or Parquet.

    Raises:
        DataError: the path holds neither, a column is missing, or the images of the CSV are missing.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist")
    if files := _parquet_files(path):
        return _open_parquet(path, files)
    if path.is_dir() and (files := sorted(path.rglob(CSV_PATTERN))):
        return _open_csv(path, files)
    raise DataError(f"{path} holds neither FairFace's {CSV_PATTERN} nor Parquet files")


def _parquet_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob("*.parquet"))
    return [path] if path.suffix == ".parquet" and path.is_file() else []


def _source(rows: list[tuple[str, object, object, object]], skipped: list[Skipped], listing, read) -> Source:
    records = []
    for file, *labels in rows:
        record = parse_labels(file, *labels)
        if record is None:
            skipped.append(Skipped(file, UNKNOWN_LABEL))
        else:
            records.append(record)
    if not records:
        raise DataError(f"none of the {len(rows)} FairFace rows has a known age range, gender and race")
    return Source(
        name="fairface",
        records=tuple(sorted(records, key=lambda record: record.file)),
        skipped=tuple(sorted(skipped, key=lambda skip: skip.file)),
        fingerprint=digest(listing),
        read=read,
    )


def _open_csv(path: Path, files: list[Path]) -> Source:
    rows: dict[str, tuple[str, object, object, object]] = {}
    skipped = []
    for file in files:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            missing = {"file", "age", "gender", "race"} - set(reader.fieldnames or ())
            if missing:
                raise DataError(f"{file} lacks the column{'s'[: len(missing) > 1]} {', '.join(sorted(missing))}")
            for row in reader:
                name = PurePosixPath((row["file"] or "").strip())
                if not name.parts:
                    # Spreadsheets write rows of empty cells.
                    if any(row[column] for column in ("age", "gender", "race")):
                        skipped.append(Skipped(f"{file.name}, line {reader.line_num}", NAMELESS))
                elif name.is_absolute() or ".." in name.parts:
                    skipped.append(Skipped(row["file"], OUTSIDE))
                else:
                    rows[str(name)] = (str(name), row["age"], row["gender"], row["race"])
    root = _image_root(path, list(rows))

    # Images that are added later are other content.
    missing = [name for name in sorted(rows) if not (root / name).is_file()]

    def read(wanted: set[str]) -> Iterator[tuple[str, bytes | None]]:
        yield from read_files(root, wanted.difference(missing))
        yield from ((name, None) for name in sorted(wanted.intersection(missing)))

    listing = [*(rows[name] for name in sorted(rows)), *missing]
    return _source(list(rows.values()), skipped, listing, read)


def _image_root(path: Path, names: list[str]) -> Path:
    """The folder that the CSV's paths are relative to; images are often unpacked into a subfolder."""
    # A sample of names, since single images may be missing.
    sample = names[:10] + names[-10:]
    tops = {PurePosixPath(name).parts[0] for name in sample}
    roots = sorted({found.parent for top in tops for found in path.rglob(top)})
    roots = [root for root in roots if any((root / name).is_file() for name in sample)]
    if not roots:
        raise DataError(f"{path} has FairFace's labels but none of the images they name, such as {names[:1]}")
    _refuse_several(path, roots)
    return roots[0]


def _refuse_several(path: Path, roots: Sequence[Path]) -> None:
    """The same faces with two margins would be images of their own, which near-duplicates do not tell.

    Raises:
        DataError: there are several roots.
    """
    if len(roots) > 1:
        listed = ", ".join(str(root) for root in roots)
        raise DataError(f"{path} holds FairFace's images more than once ({listed}); keep one margin per folder")


def _open_parquet(path: Path, files: list[Path]) -> Source:
    rows, listing = [], []
    numbered: dict[str, tuple[Path, int]] = {}
    paths = []
    labels_in: dict[tuple[Path, str], list[tuple]] = defaultdict(list)
    for file in files:
        table = _read_columns(file)
        age_column = "age_range" if "age_range" in table.column_names else "age"
        columns = [_label_names(table, name) for name in (age_column, "gender", "race")]
        paths += table["image"].to_pylist()
        stem = (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix("").as_posix()
        for number, labels in enumerate(zip(*columns, strict=True)):
            name = f"{stem}/{number:06d}"
            numbered[name] = (file, number)
            rows.append((name, *labels))
            labels_in[file.parent, file.stem.partition("-")[0]].append(labels)
        listing.append((stem, file.stat().st_size, table.num_rows))
    folders = defaultdict(list)
    for (folder, split), found in labels_in.items():
        folders[split, digest(found)].append(folder)
    for same in folders.values():
        _refuse_several(path, same)
    # Stored image names identify the rows if they are unique, else file and row number.
    if all(paths) and len(set(paths)) == len(paths):
        rows = [(name, *row[1:]) for name, row in zip(paths, rows, strict=True)]
        numbered = dict(zip(paths, numbered.values(), strict=True))

    def read(wanted: set[str]) -> Iterator[tuple[str, bytes | None]]:
        for file in files:
            here = {numbered[name][1]: name for name in wanted if numbered[name][0] == file}
            yield from _read_images(file, here)

    return _source(rows, [], listing + [row for row in rows], read)


def _read_columns(file: Path) -> pyarrow.Table:
    """The labels, and the images' stored names as column `image`; no pixels."""
    try:
        schema = parquet.read_schema(file)
        missing = {"image", "gender", "race"} - set(schema.names)
        age_column = next((name for name in ("age_range", "age") if name in schema.names), None)
        if missing or age_column is None:
            wanted = ", ".join(sorted(missing | ({"age_range"} if age_column is None else set())))
            raise DataError(f"{file} is not FairFace's Parquet: it lacks {wanted}")
        # Not `read_table`, which names a nested column by its last component only.
        with parquet.ParquetFile(file) as stored:
            table = stored.read(columns=["image.path", age_column, "gender", "race"])
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {error}") from error
    names = [image and image["path"] for image in table["image"].to_pylist()]
    index = table.column_names.index("image")
    return table.set_column(index, "image", pyarrow.array(names, pyarrow.string()))


def _label_names(table: pyarrow.Table, column: str) -> list[object]:
    """A column's values as text: the Hub's copy of FairFace stores ClassLabel indices, other copies names."""
    values = table[column].to_pylist()
    if pyarrow.types.is_integer(table.schema.field(column).type):
        feature = Features.from_arrow_schema(table.schema).get(column)
        if not isinstance(feature, ClassLabel):
            raise DataError(f"the column {column} holds numbers without names")
        return [
            feature.names[value] if value is not None and 0 <= value < len(feature.names) else None for value in values
        ]
    return values


def _read_images(file: Path, names: dict[int, str]) -> Iterator[tuple[str, bytes | None]]:
    number = 0
    with parquet.ParquetFile(file) as stored:
        for batch in stored.iter_batches(batch_size=ROWS_AT_ONCE, columns=["image.bytes"]):
            images = batch.column("image")
            for position in range(len(images)):
                if number in names:
                    image = images[position].as_py()
                    yield names[number], image and image["bytes"]
                number += 1
