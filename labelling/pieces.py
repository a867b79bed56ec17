"""Pieces of SOURCE, which a read task of Ray Data turns into items (items.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow
from ray.data import Datasource
from ray.data.block import BlockMetadata
from ray.data.datasource import ReadTask

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
        addresses: of the files.
    """

    paths: Sequence[str]
    addresses: Sequence[bytes]

    @property
    def num_rows(self) -> int:
        return len(self.paths)

    def read(self) -> Iterator[pyarrow.Table]:
        nothing = [None] * self.num_rows
        yield pyarrow.table([self.paths, self.addresses, nothing, nothing], schema=SCHEMA)


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
        row = self.first_row
        for data in self.batches():
            paths = [utf8(f"{self.path}/{number}") for number in range(row, row + len(data))]
            row += len(data)
            errors = [None if cell.is_valid else "The row holds no photo." for cell in data]
            addresses = [path.encode() for path in paths]
            yield pyarrow.table([paths, addresses, data.cast(pyarrow.binary()), errors], schema=SCHEMA)


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
