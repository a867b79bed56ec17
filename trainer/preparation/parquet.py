"""Writes rows as Parquet shards for `datasets`, one row group at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from datasets import ClassLabel, Dataset, Features, Image, List, Value
from pyarrow import parquet

from gender_age.labels import GENDERS
from gender_age.writers import path_cell

from ..sources.record import RACES, SOURCES, Record
from .staging import Staged

FEATURES = Features(
    {
        "image": Image(),
        "age_min": Value("int32"),
        "age_max": Value("int32"),
        "gender": ClassLabel(names=list(GENDERS)),
        "race": ClassLabel(names=list(RACES)),
        "source": ClassLabel(names=list(SOURCES)),
        "landmarks": List(List(Value("float32"))),
        "file": Value("string"),
    }
)
"""The columns; `landmarks` are five `(x, y)` in pixels of the decoded image, or null."""


def features_of(source: str, has_identities: bool = False) -> Features:
    """The columns of a dataset: `FEATURES`; own photos have their own name in `source`, and `identity` where known."""
    features = Features(FEATURES)
    if source not in SOURCES:
        features["source"] = ClassLabel(names=[source])
    if has_identities:
        features["identity"] = Value("string")
    return features


SHARD_BYTES = 200 * 10**6
# Small row groups allow partial reads and shuffling; the Hub's viewer expects less than about 30 MB each.
ROW_GROUP = 200


def dataset_row(record: Record, source: str, staged: Staged, image: bytes) -> dict:
    """One row for `features_of`: class names, and the image's original encoded bytes."""
    return {
        "image": {"bytes": image, "path": path_cell(PurePosixPath(record.file).name)},
        "age_min": record.age_min,
        "age_max": record.age_max,
        "gender": record.gender,
        "race": record.race,
        "source": source,
        "landmarks": staged.landmarks,
        "file": path_cell(record.file),
        "identity": path_cell(record.identity),
    }


def shard_count(total_bytes: int) -> int:
    """Number of shards of about `SHARD_BYTES`; 0 for an empty split, which `load_dataset` refuses.

    https://github.com/huggingface/datasets/issues/5. The test that needs it is
    `test_so_few_images_that_small_splits_are_empty_still_load`.
    """
    return math.ceil(total_bytes / SHARD_BYTES)


def write_split(
    folder: Path, split: str, rows: Iterable[dict], count: int, shards: int, features: Features = FEATURES
) -> None:
    """Writes `count` rows as `folder/{split}-00000-of-0000N.parquet`, in order, in shards of about equal size."""
    rows = iter(rows)
    for shard in range(shards):
        size = count * (shard + 1) // shards - count * shard // shards
        path = folder / f"{split}-{shard:05d}-of-{shards:05d}.parquet"
        with parquet.ParquetWriter(path, features.arrow_schema, compression="zstd") as writer:
            for chunk in _chunks(islice(rows, size), ROW_GROUP):
                columns = {name: [row[name] for row in chunk] for name in features}
                dataset = Dataset.from_dict(columns, features=features)
                writer.write_table(dataset.with_format("arrow")[:].cast(features.arrow_schema))


def _chunks(rows: Iterator[dict], size: int) -> Iterator[list[dict]]:
    while chunk := list(islice(rows, size)):
        yield chunk
