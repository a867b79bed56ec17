"""Tables with a column of photos: the row groups of Parquet files, and the fragments of a Lance dataset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.parquet
from fsspec import AbstractFileSystem

from .errors import LabellingError, StoreLostError, first_line
from .items import reading
from .pieces import Rows

if TYPE_CHECKING:
    import lance

# Of photos in a table that are in memory at once.
BATCH_ROWS = 32
COLUMN_OF_PHOTOS = "name one of binary values, or of structs with `bytes`"


def row_groups(fs: AbstractFileSystem, place: str, path: str, column: str | None) -> list[Rows] | None:
    """The row groups of a Parquet file; empty if it has no column of photos, None if it cannot be read.

    Raises:
        LabellingError: it is not clear which column holds the photos, or the store is gone.
    """
    try:
        with reading(fs, place), fs.open(place, "rb") as file:
            metadata = pyarrow.parquet.read_metadata(file)
    except (OSError, pyarrow.ArrowInvalid):
        return None
    found = image_column(metadata.schema.to_arrow_schema(), column, path)
    if found is None:
        return []
    pieces, row = [], 0
    for group in range(metadata.num_row_groups):
        if num_rows := metadata.row_group(group).num_rows:
            pieces.append(Rows(path, row, num_rows, partial(_row_group, fs, place, group, found)))
            row += num_rows
    return pieces


def lance_pieces(given: str, column: str | None) -> list[Rows]:
    """The fragments of a Lance dataset, in its present version.

    Raises:
        LabellingError: the package is missing, or it is not clear which column holds the photos.
    """
    try:
        import lance
    except ImportError:
        raise LabellingError(f"{given} is a Lance dataset: `pip install pylance` reads it.") from None
    # Other processes have other working directories.
    address = os.path.abspath(given) if os.path.lexists(given) else given
    dataset = lance.dataset(address)
    found = image_column(dataset.schema, column, given)
    if found is None:
        raise LabellingError(f"{given} has no photos in a column{f' {column}' if column else ''}: {COLUMN_OF_PHOTOS}.")
    pieces, row = [], 0
    for fragment in dataset.get_fragments():
        num_rows = fragment.count_rows()
        read = partial(_fragment, address, dataset.version, fragment.fragment_id, found)
        pieces.append(Rows(given, row, num_rows, read))
        row += num_rows
    return pieces


def image_column(schema: pyarrow.Schema, wanted: str | None, path: str) -> str | None:
    """The column with photos: binary, or a struct with `bytes` as the Hub's datasets have.

    None if there is none, or the wanted one is not of this kind: a folder may have tables of other things.

    Raises:
        LabellingError: there are several.
    """
    names = [field.name for field in schema if _holds_bytes(field.type)]
    if wanted is not None:
        return wanted if wanted in names else None
    if len(names) > 1:
        raise LabellingError(
            f"{path} has several columns that may be photos: name one of {', '.join(names)} (--image)."
        )
    return names[0] if names else None


def _holds_bytes(kind: pyarrow.DataType) -> bool:
    if pyarrow.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _holds_bytes(kind.field("bytes").type)
    if pyarrow.types.is_dictionary(kind):
        return _holds_bytes(kind.value_type)
    return kind in (pyarrow.binary(), pyarrow.large_binary(), pyarrow.binary_view())


def _row_group(fs: AbstractFileSystem, place: str, group: int, column: str) -> Iterator[pyarrow.Array]:
    with reading(fs, place), fs.open(place, "rb") as file:
        table = pyarrow.parquet.ParquetFile(file)
        for batch in table.iter_batches(BATCH_ROWS, row_groups=[group], columns=[column]):
            yield _bytes_of(batch.column(column))


def _fragment(address: str, version: int, fragment: int, column: str) -> Iterator[pyarrow.Array]:
    dataset = _lance(address, version)
    try:
        for batch in dataset.get_fragment(fragment).to_batches(columns=[column], batch_size=BATCH_ROWS):
            yield _bytes_of(batch.column(column))
    except (OSError, RuntimeError, ValueError):
        _lance(address, version)
        raise


def _lance(address: str, version: int) -> lance.LanceDataset:
    """Raises: StoreLostError: it cannot be opened, which says nothing of a row."""
    try:
        import lance

        return lance.dataset(address, version=version)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise StoreLostError(f"{address} can no longer be read ({first_line(error)})") from error


def _bytes_of(values: pyarrow.Array) -> pyarrow.Array:
    return pyarrow.compute.struct_field(values, "bytes") if pyarrow.types.is_struct(values.type) else values
