"""Splits of a prepared dataset as their Parquet files, on disk or on the Hub: only what is asked for is read."""

from __future__ import annotations

import glob
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fsspec
import numpy as np
from datasets import Dataset, Features, Image, IterableDataset, config, load_dataset, load_dataset_builder
from pyarrow import ArrowInvalid, parquet

from ..errors import DataError, MissingSplitError
from ..preparation.parquet import FEATURES
from ..sources.archives import digest
from ..sources.own_datasets import local_dataset
from .column_mapping import NEEDED
from .loading import errors_as_sentence, name_and_revision, source_names

ENCODED = Features({name: Image(decode=False) if name == "image" else FEATURES[name] for name in NEEDED})
"""The `NEEDED` columns; images are `{"bytes", "path"}`."""

FOOTERS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ParquetSplit:
    """One split of a dataset.

    Attributes:
        source: the dataset, for messages.
        name: of the split.
        files: paths, or `hf://` addresses of one commit.
        group_rows: number of rows of each row group of all files, in order.
        revision: hexadecimal digest of the files' footers, which hold sizes and statistics of all columns.
    """

    source: str
    name: str
    files: list[str]
    group_rows: list[int]
    revision: str

    @property
    def num_rows(self) -> int:
        return sum(self.group_rows)

    def load(self) -> Dataset:
        """The `NEEDED` columns, through the cache of `datasets`; no other split is downloaded or converted."""
        with self._columns_checked():
            cache = Path(config.HF_DATASETS_CACHE) / f"content-{self.revision[:16]}"
            rows = load_dataset("parquet", data_files=self._patterns(), split=self.name, cache_dir=str(cache))
            return rows.select_columns(list(NEEDED))

    def stream(self, rank: int, world_size: int) -> IterableDataset:
        """Every `world_size`-th row group from `rank` on, with the columns of `ENCODED`."""
        with self._columns_checked():
            rows = load_dataset("parquet", data_files=self._patterns(), split=self.name, streaming=True).reshard()
            share = rows.shard(num_shards=world_size, index=rank, contiguous=False)
            return share.select_columns(list(NEEDED)).cast(ENCODED)

    def ages(self) -> tuple[np.ndarray, np.ndarray]:
        """`(n,)` first and last year of each row's age, NaN where it is unknown; these two columns alone are read."""
        with self._columns_checked(), ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
            tables = pool.map(_ages, self.files)
            low, high = zip(*tables, strict=True)
            return np.concatenate(low), np.concatenate(high)

    def sources(self) -> list[str]:
        """What the column `source` names, sorted; it alone is read. Empty without one.

        Raises:
            DataError: a file cannot be read, or is no prepared dataset's.
        """
        with self._columns_checked(), ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
            with fsspec.open(self.files[0]) as file:
                kind = Features.from_arrow_schema(parquet.read_schema(file)).get("source")
            return [] if kind is None else source_names(kind, set().union(*pool.map(_sources, self.files)))

    def _patterns(self) -> dict[str, list[str]]:
        """`files` as `load_dataset` takes them."""
        return {self.name: [glob.escape(file) for file in self.files]}

    @contextmanager
    def _columns_checked(self) -> Iterator[None]:
        with errors_as_sentence(self.source):
            with fsspec.open(self.files[0]) as file:
                found = Features.from_arrow_schema(parquet.read_schema(file))
            if not set(NEEDED) <= set(found) or found["gender"] != FEATURES["gender"]:
                raise DataError(
                    f"{self.source} has not the columns of a prepared dataset, which `data.streaming` reads; "
                    "`python -m trainer prepare` writes them"
                )
            yield


def parquet_split(source: str, split: str) -> ParquetSplit:
    """A split of a prepared folder or Hub dataset (`id` or `id@revision`), of which the footers are read.

    Raises:
        MissingSplitError: the dataset has no such split.
        DataError: the dataset does not exist, is no Parquet, or cannot be read.
    """
    name, revision = name_and_revision(source)
    with errors_as_sentence(source):
        given = local_dataset(Path(name)) if Path(name).is_dir() else {"path": name, "revision": revision}
        builder = load_dataset_builder(**given)
        splits = builder.config.data_files or {}
        if split not in splits:
            raise MissingSplitError(
                f"{source} has no split {split!r}; it has {', '.join(map(str, splits)) or 'no files'}"
            )
        files = [str(file) for file in splits[split]]
        try:
            with ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
                footers = list(pool.map(_footer, files))
        except ArrowInvalid as error:
            raise DataError(f"{source} is no Parquet, which `data.streaming` reads: {error}") from error
    rows = [footer.row_group(number).num_rows for footer in footers for number in range(footer.num_row_groups)]
    names = [Path(file).name for file in files]
    contents = (str(footer.to_dict()) for footer in footers)
    return ParquetSplit(source, split, files, rows, digest(itertools.chain(names, contents)))


def _ages(file: str) -> tuple[np.ndarray, np.ndarray]:
    with fsspec.open(file) as opened:
        table = parquet.read_table(opened, columns=["age_min", "age_max"])
    low, high = (table[name].cast("float64").to_numpy() for name in ("age_min", "age_max"))
    return low, high


def _sources(file: str) -> set[int | str | None]:
    with fsspec.open(file) as opened:
        return set(parquet.read_table(opened, columns=["source"])["source"].unique().to_pylist())


def _footer(file: str) -> parquet.FileMetaData:
    with fsspec.open(file) as opened:
        return parquet.read_metadata(opened)
