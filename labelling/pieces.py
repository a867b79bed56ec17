"""Pieces of SOURCE, which a read task of Ray Data turns into items (items.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow
from ray.data import Datasource
from ray.data.block import BlockMetadata
from ray.data.datasource import ReadTask

from gender_age.photo_names import photo_name

from .errors import StoreLostError, first_line
from .items import SCHEMA, utf8


class Piece(Protocol):
    """A part of SOURCE that is read at once; it travels to another process."""

    @property
    def num_rows(self) -> int: ...

    def read(self) -> Iterator[pyarrow.Table]:
        """Tables of items."""


@dataclass(frozen=True)
class Files:
    """Photos in files, which are opened or fetched by a later stage.

    Attributes:
        paths: one id a photo.
        places: of the files, in `store`; both as in items.
    """

    paths: Sequence[str]
    places: Sequence[bytes]
    store: str | None = field(repr=False)

    @property
    def num_rows(self) -> int:
        return len(self.paths)

    def read(self) -> Iterator[pyarrow.Table]:
        nothing = [None] * self.num_rows
        stores = [self.store] * self.num_rows
        yield pyarrow.table([self.paths, stores, self.places, nothing, nothing], schema=SCHEMA)


@dataclass(frozen=True)
class Rows:
    """Photos in consecutive rows of a table.

    Attributes:
        path: of the table; a photo's id is this and the number of its row in the table.
        first_row, num_rows: which rows.
        batches: reads them: the content of the photo in every row, a few rows at a time.
    """

    path: str
    first_row: int
    num_rows: int
    batches: Callable[[], Iterator[pyarrow.Array]]

    def read(self) -> Iterator[pyarrow.Table]:
        """A row that cannot be read is one photo's error, as of files.

        Raises:
            StoreLostError: the table's store is gone.
        """
        row, end = self.first_row, self.first_row + self.num_rows
        try:
            for data in self.batches():
                errors = [None if cell.is_valid else "The row holds no photo." for cell in data]
                yield self._items(row, data.cast(pyarrow.binary()), errors)
                row += len(data)
        except StoreLostError:
            raise
        except Exception as error:  # the library of every store has errors of its own
            reason = f"“{photo_name(self.path)}” cannot be read ({first_line(error)}): check the table."
            yield self._items(row, pyarrow.nulls(end - row, pyarrow.binary()), [reason] * (end - row))

    def _items(self, row: int, data: pyarrow.Array, errors: Sequence[str | None]) -> pyarrow.Table:
        paths = [utf8(f"{self.path}/{number}") for number in range(row, row + len(data))]
        nothing = [None] * len(data)
        return pyarrow.table([paths, nothing, nothing, data, errors], schema=SCHEMA)


class PhotoSource(Datasource):
    """The pieces as a source of Ray Data, one read task each."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._pieces = pieces

    def get_name(self) -> str:
        return "Photos"

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(self, parallelism: int, *args: object, **kwargs: object) -> list[ReadTask]:
        return [
            ReadTask(piece.read, BlockMetadata(piece.num_rows, None, None, None), schema=SCHEMA)
            for piece in self._pieces
        ]
