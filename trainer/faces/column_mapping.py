"""Maps the columns and labels of a public dataset to those of a prepared one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from datasets import ClassLabel, Dataset, Image, Value, concatenate_datasets

from gender_age.labels import GENDERS

from ..errors import ConfigError, DataError
from ..preparation.parquet import FEATURES
from ..sources.own_datasets import class_names, stored
from ..sources.own_labels import between, is_missing, parse_age, parse_gender
from ..sources.record import OLDEST_AGE, RACES, SOURCES

NEEDED = ("image", "age_min", "age_max", "gender", "landmarks", "file")
"""Columns that training and evaluation read; `race` and `source` are for reports only."""

AGE = "age"
"""Column name for both `age_min` and `age_max`."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The column mapping of a public dataset.

    Attributes:
        columns: its column -> ours, one of `FEATURES` or "age".
        genders: names of the genders 0 and 1, if they are numbers.

    Raises:
        ConfigError: a name is unknown or repeated.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    genders: Sequence[str] = ()

    def __post_init__(self) -> None:
        known = (*FEATURES, AGE)
        if not isinstance(self.columns, Mapping):
            raise ConfigError(f"`columns` is {self.columns!r}; write {{their_name: our_name}}")
        for theirs, ours in self.columns.items():
            if ours not in known:
                raise ConfigError(f"`columns` maps {theirs!r} to {ours!r}, which is none of {', '.join(known)}")
        if len(set(self.columns.values())) < len(self.columns):
            raise ConfigError(f"`columns` maps two columns to one: {dict(self.columns)}")
        if self.genders and sorted(self.genders) != sorted(GENDERS):
            raise ConfigError(f"`genders` is {list(self.genders)}; write [male, female] or [female, male]")


def as_prepared(dataset: Dataset, mapping: ColumnMapping, name: str, split: str) -> Dataset:
    """Converts rows to the columns and types of `FEATURES`; rows written by `prepare` are returned unchanged.

    Missing landmarks, races, ages and genders are null, a missing file name is the row number and a digest of the
    image, a missing source is the dataset's name.

    Args:
        dataset: one split.
        mapping: columns that the split lacks are ignored, so that one mapping serves several datasets.
        name: of the dataset, for `source` and messages.
        split: of the dataset, for messages.

    Raises:
        DataError: a column is missing or has invalid values.
    """
    renames = {theirs: ours for theirs, ours in mapping.columns.items() if theirs in dataset.column_names}
    if not renames and set(NEEDED) <= set(dataset.column_names) and dataset.features["gender"] == FEATURES["gender"]:
        return dataset
    replaced = [column for column in dataset.column_names if column in renames.values() and column not in renames]
    dataset = dataset.remove_columns(replaced).rename_columns(renames)
    where = f"split {split} of {name}"
    has_age = AGE in dataset.column_names
    for column in ("image", "gender", "age_min", "age_max"):
        if column not in dataset.column_names and not (has_age and column.startswith("age_")):
            raise DataError(
                f"{where} lacks the column {column!r}; it has {', '.join(dataset.column_names)}: name the one that is "
                "meant in `data.columns` of the config"
            )
    images = _images(dataset, where)
    age_min, age_max = _ages(dataset, where)
    sources = _values(dataset, "source") or [None] * len(dataset)
    races = {race.casefold(): race for race in RACES}
    columns = {
        "age_min": age_min,
        "age_max": age_max,
        "gender": [_gender(value, mapping.genders, where) for value in _values(dataset, "gender")],
        "race": [races.get(str(race).casefold()) for race in _values(dataset, "race") or [None] * len(dataset)],
        "source": [name if source is None else str(source) for source in sources],
        "landmarks": _landmarks(dataset, where),
        "file": [str(file) for file in _values(dataset, "file") or _row_names(images, split)],
    }
    source_names = SOURCES if set(columns["source"]) <= set(SOURCES) else sorted(set(columns["source"]))
    features = FEATURES.copy() | {"source": ClassLabel(names=list(source_names))}
    features.pop("image")
    labels = Dataset.from_dict({column: columns[column] for column in features}, features=type(FEATURES)(features))
    return concatenate_datasets([images, labels], axis=1)


def lacks_landmarks(dataset: Dataset, mapping: ColumnMapping) -> bool:
    """Whether rows as they were read have no column of landmarks, whatever it is called."""
    theirs = {ours: theirs for theirs, ours in mapping.columns.items()}
    return "landmarks" not in dataset.column_names and theirs.get("landmarks") not in dataset.column_names


def _values(dataset: Dataset, column: str) -> list:
    """The column's values, class names instead of indices; empty if the column is missing."""
    if column not in dataset.column_names:
        return []
    feature, values = dataset.features[column], dataset[column][:]
    return class_names(feature, values) if isinstance(feature, ClassLabel) else values


def _images(dataset: Dataset, where: str) -> Dataset:
    """The image column only, still encoded."""
    feature = dataset.features["image"]
    if isinstance(feature, Value) and "binary" not in feature.dtype:
        raise DataError(f"the column 'image' of {where} holds {feature.dtype} values and no pictures")
    images = dataset.select_columns("image").cast_column("image", Image())
    for row, (path, has_bytes) in enumerate(stored(images.cast_column("image", Image(decode=False)), "image")):
        if not has_bytes and path:
            raise DataError(f"the column 'image' of {where} holds paths and no pictures: give a Parquet copy")
        if not has_bytes:
            raise DataError(f"row {row:,} of {where} has no picture: leave out rows without one")
    return images


def _row_names(images: Dataset, split: str) -> list[str]:
    """Row names that are unique across datasets and revisions; they are part of the pixel cache key."""
    rows = images.cast_column("image", Image(decode=False))["image"]
    return [
        f"{split}/{number:06}-{hashlib.sha256(row['bytes'] or b'').hexdigest()[:12]}" for number, row in enumerate(rows)
    ]


def _ages(dataset: Dataset, where: str) -> tuple[list[int | None], list[int | None]]:
    if {"age_min", "age_max"} <= set(dataset.column_names):
        ends = ([_age_range(value, where) for value in _values(dataset, name)] for name in ("age_min", "age_max"))
        ranges = [between(*pair) for pair in zip(*ends, strict=True)]
    else:
        ranges = [_age_range(value, where) for value in _values(dataset, AGE)]
    lowest, highest = ([each and each[end] for each in ranges] for end in (0, 1))
    return lowest, highest


def _age_range(value: object, where: str) -> tuple[int, int] | None:
    """The range of an age in years, given as number, text or range such as "20-29"; None for a missing one."""
    if is_missing(value):
        return None
    found = parse_age(value)
    if found is None:
        raise DataError(f"{where} has the age {value!r}, which is neither years from 0 to {OLDEST_AGE} nor a range")
    return found


def _gender(value: object, genders: Sequence[str], where: str) -> str | None:
    """The name of a gender given as word, letter or number; None for a missing one."""
    if is_missing(value):
        return None
    text = str(value).strip().removesuffix(".0").casefold()
    if text in ("0", "1"):
        if not genders:
            raise DataError(
                f"the genders of {where} are numbers, which do not say who is female: add `genders: [male, female]` to "
                "`data` of the config, the names of 0 and 1 in that dataset"
            )
        return genders[int(text)]
    gender = parse_gender(text)
    if gender is None:
        raise DataError(f"{where} has the gender {value!r}; the model knows {' and '.join(GENDERS)}")
    return gender


def _landmarks(dataset: Dataset, where: str) -> list[list[list[float]] | None]:
    found = _values(dataset, "landmarks") or [None] * len(dataset)
    for points in found:
        if points is not None and [len(point) for point in points] != [2] * 5:
            raise DataError(f"{where} has landmarks {points!r}; five (x, y) in pixels are wanted")
    return found
