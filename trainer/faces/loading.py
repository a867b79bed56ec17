"""Loads splits of prepared folders and of Hub datasets, with the columns of a prepared dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict, concatenate_datasets, config, load_dataset
from datasets.exceptions import DatasetsError
from huggingface_hub.errors import HTTPError

from ..errors import DataError, MissingSplitError
from ..sources.archives import folder_digest
from ..sources.own_datasets import class_names, local_dataset
from .column_mapping import NEEDED, ColumnMapping, as_prepared, lacks_landmarks
from .missing_landmarks import with_landmarks

AS_IT_IS = ColumnMapping()


def load_prepared(source: str) -> DatasetDict:
    """The splits of a prepared folder or Hub dataset (`id` or `id@revision`).

    Raises:
        DataError: the dataset does not exist, or cannot be read or downloaded.
    """
    name, revision = name_and_revision(source)
    if Path(name).is_dir() and not any(file.suffix in (".parquet", ".arrow") for file in Path(name).rglob("*")):
        raise DataError(f"{name} is no prepared dataset: `python -m trainer prepare {name} OUT` makes one of photos")
    with errors_as_sentence(source):
        # The cache of `datasets` knows local files by path and time of change, which a copy may keep; no issue found.
        # `test_a_folder_replaced_in_place_is_read_again` passes without this where it looks at the content.
        if not Path(name).is_dir():
            return load_dataset(name, revision=revision)
        cache = Path(config.HF_DATASETS_CACHE) / f"content-{folder_digest(Path(name))[:16]}"
        return load_dataset(**local_dataset(Path(name)), cache_dir=str(cache))


def name_and_revision(source: str) -> tuple[str, str | None]:
    """Folder or Hub id, and the revision where `source` is `id@revision`; a folder's own name may hold an `@`.

    Raises:
        DataError: it is written as a folder, and there is none; or as a folder with a revision.
    """
    if Path(source).is_dir():
        return source, None
    name, _, revision = source.partition("@")
    if revision and Path(name).is_dir():
        raise DataError(f"{name} is a folder, and only datasets of the Hub have revisions: leave out @{revision}")
    if name.startswith((".", "/", "~")):
        raise DataError(f"{name} is no folder; `python -m trainer prepare SOURCE {name}` makes one")
    return name, revision or None


@contextmanager
def errors_as_sentence(source: str) -> Iterator[None]:
    """Turns the errors of `datasets` and of the Hub into a `DataError`."""
    try:
        yield
    except (OSError, ValueError, HTTPError, DatasetsError) as error:
        raise DataError(f"cannot load the dataset {source}: {error}") from error


def load_rows(source: str, split: str, mapping: ColumnMapping = AS_IT_IS) -> Dataset:
    """One split of a dataset, with the columns of a prepared one; landmarks that it lacks are detected.

    Raises:
        MissingSplitError: the dataset has no such split.
        DataError: the dataset does not exist, or the mapping does not fit.
    """
    splits = load_prepared(source)
    if split not in splits:
        raise MissingSplitError(f"{source} has no split {split!r}; it has {', '.join(splits)}")
    shown = dataset_name(source)
    rows = as_prepared(splits[split], mapping, shown, split)
    return with_landmarks(rows, f"split {split} of {shown}") if lacks_landmarks(splits[split], mapping) else rows


def dataset_name(source: str) -> str:
    """The id of a dataset on the Hub without its revision; of a folder the last component."""
    name, _ = name_and_revision(source)
    return Path(name).resolve().name if Path(name).is_dir() else name


def names_in(rows: Dataset, column: str) -> list[str | None]:
    """A column's values as text, those of classes by their names; None for no label, and without such a column."""
    if column not in rows.column_names:
        return [None] * len(rows)
    kind, values = rows.features[column], rows[column][:]
    if isinstance(kind, ClassLabel):
        return class_names(kind, values)
    return [None if value is None else str(value) for value in values]


def sources_of(rows: Dataset) -> list[str]:
    """What the column `source` of a dataset's rows names; empty without one."""
    return source_names(rows.features["source"], rows.unique("source")) if "source" in rows.column_names else []


def source_names(kind: object, values: Iterable[int | str | None]) -> list[str]:
    """The sorted names of values of a column `source`, without nulls; `kind` is the column's feature."""
    named = class_names(kind, list(values)) if isinstance(kind, ClassLabel) else values
    return sorted(str(value) for value in named if value is not None)


def needed(rows: Dataset, limit: int | None = None) -> Dataset:
    """The `NEEDED` columns of the first `limit` rows."""
    rows = rows.select_columns(list(NEEDED))
    return rows if limit is None else rows.select(range(min(limit, len(rows))))


def load_split(
    sources: Sequence[str], split: str, limit: int | None = None, mapping: ColumnMapping = AS_IT_IS
) -> Dataset:
    """One split of several datasets, concatenated: the `NEEDED` columns of their first `limit` rows."""
    return concatenate_datasets([needed(load_rows(source, split, mapping), limit) for source in sources])
