"""Loads the split to measure on, by the sources that its rows name."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from datasets import Dataset, Image, Value, concatenate_datasets

from ..errors import DataError
from ..faces.column_mapping import NEEDED, ColumnMapping
from ..faces.loading import AS_IT_IS, dataset_name, load_rows, names_in

logger = logging.getLogger(__name__)


def load_sources(
    names: Sequence[str], split: str, limit: int | None = None, mapping: ColumnMapping = AS_IT_IS
) -> dict[str, Dataset]:
    """One split of all datasets, by source: the `NEEDED` columns, and `race` as text.

    Rows that name no source are of the dataset's name. A row that comes twice, as from a folder and its copy, counts
    once, with a warning.

    Args:
        names: prepared folders or Hub ids.
        split: its name.
        limit: number of rows sampled from each source with a fixed seed.
        mapping: columns of datasets that `prepare` did not write.

    Raises:
        DataError: a dataset cannot be loaded, or has no such split.
    """
    parts: dict[str, list[Dataset]] = {}
    for name in names:
        for source, part in _by_source(load_rows(name, split, mapping), dataset_name(name)):
            parts.setdefault(source, []).append(part)
    joined = {source: _without_copies(concatenate_datasets(several), source) for source, several in parts.items()}
    if not joined:
        raise DataError(f"there is no image in the split {split!r} of {', '.join(names)}")
    if limit is None:
        return joined
    return {source: rows.shuffle(seed=0).select(range(min(limit, len(rows)))) for source, rows in joined.items()}


def _by_source(rows: Dataset, dataset: str) -> Iterator[tuple[str, Dataset]]:
    sources = np.array([source or dataset for source in names_in(rows, "source")])
    # Class lists differ between datasets, which are joined.
    races = names_in(rows, "race")
    rows = rows.select_columns(list(NEEDED)).add_column("race", races, feature=Value("string"))
    for source in np.unique(sources):
        yield str(source), rows.select(np.flatnonzero(sources == source))


def _without_copies(rows: Dataset, source: str) -> Dataset:
    files = rows["file"][:]
    times = Counter(files)
    repeated = [row for row, file in enumerate(files) if times[file] > 1]
    seen, copies = set(), set()
    faces = rows.select(repeated).select_columns(["file", "image", "landmarks"])
    for row, face in zip(repeated, faces.cast_column("image", Image(decode=False)), strict=True):
        # Two photos may have one name, and two faces one photo.
        key = (face["file"], hashlib.sha256(face["image"]["bytes"]).digest(), str(face["landmarks"]))
        if key in seen:
            copies.add(row)
        seen.add(key)
    if not copies:
        return rows
    logger.warning("%d rows of %s come more than once, and count once: is a folder given twice?", len(copies), source)
    return rows.select([row for row in range(len(rows)) if row not in copies])
