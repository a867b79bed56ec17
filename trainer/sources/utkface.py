"""UTKFace (https://susanqq.github.io/UTKFace/): labels are in the file names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..errors import DataError
from .archives import digest, list_files, read_files
from .record import OLDEST_AGE, Record, Skipped, Source

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
GENDER_CODES = {"0": "male", "1": "female"}
RACE_CODES = {"0": "White", "1": "Black", "2": "Asian", "3": "Indian", "4": "Others"}

# `[age]_[gender]_[race]_[date&time].jpg.chip.jpg`; a few published names have a blank or no dot before the first
# "jpg": "24_0_1_20170116220224657 .jpg.chip.jpg", "55_0_0_20170116232725357jpg.chip.jpg".
NAME = re.compile(
    r"(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_\d{8,} ?\.?(jpg|jpeg|png)(\.chip)?(\.jpg)?", re.IGNORECASE
)

MALFORMED = "malformed name"
REPEATED = "same name as another file of the source"


def parse_name(name: str) -> Record | None:
    """The labels in a base name such as `25_1_0_20170116171048641.jpg.chip.jpg`; None if a field is missing."""
    match = NAME.fullmatch(name)
    if match is None or int(match["age"]) > OLDEST_AGE:
        return None
    age = int(match["age"])
    return Record(name, age, age, GENDER_CODES[match["gender"]], RACE_CODES[match["race"]])


def open_utkface(path: Path) -> Source:
    """Opens UTKFace as published: an archive or a folder, flat or nested, face crops or whole photos.

    Images are identified by their base name. Some copies hold every file twice, in different folders: the first by full
    path is used, the others are skipped.

    Raises:
        DataError: the path cannot be read, or holds no image with a UTKFace name.
    """
    listing = [(name, size) for name, size in list_files(path) if name.lower().endswith(IMAGE_SUFFIXES)]
    records: dict[str, Record] = {}
    stored_names: dict[str, str] = {}
    skipped = []
    for name, _ in listing:
        base = PurePosixPath(name).name
        record = parse_name(base)
        if record is None:
            skipped.append(Skipped(base, MALFORMED))
        elif stored_names.setdefault(base, name) != name:
            skipped.append(Skipped(name, REPEATED))
        else:
            records[base] = record
    if not records:
        raise DataError(
            f"{path} holds no image named as UTKFace's are ([age]_[gender]_[race]_[date&time].jpg.chip.jpg), "
            f"among {len(listing)} images; FairFace would be told by its fairface_label_*.csv or Parquet files"
        )

    def read(files: set[str]) -> Iterator[tuple[str, bytes | None]]:
        wanted = {stored_names[file] for file in files}
        for name, data in read_files(path, wanted):
            yield PurePosixPath(name).name, data

    return Source(
        name="utkface",
        records=tuple(sorted(records.values(), key=lambda record: record.file)),
        skipped=tuple(sorted(skipped, key=lambda skip: skip.file)),
        fingerprint=digest(listing),
        read=read,
    )
