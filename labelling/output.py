"""OUT: a folder of Parquet files with a record, a README, and Ray Data's checkpoint while a job is not finished.

The names of all but the tables begin with an underscore, which readers of Parquet folders leave out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass

import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
from pyarrow.fs import FSSpecHandler, PyFileSystem

from gender_age.writers import NO_FACE

from .errors import LabellingError, named
from .items import place_of

RECORD, README, REPORT, CHECKPOINT = "_labelling.json", "_README.md", "_report.html", "_checkpoint"
DONE = "done.parquet"
# Ray Data reads its checkpoint as any table. It takes what follows for a query, or for the value of the column `path`:
# a job that goes on would end, or do every photo again.
MISREAD = re.compile(r"\?|(?<=/)path=")


@dataclass(frozen=True)
class Counts:
    """What a set holds.

    Attributes:
        photos: number of photos, or videos.
        faces: number of faces, or people.
        without_face: photos or videos in which no face was found.
        errors: those that could not be used.
    """

    photos: int = 0
    faces: int = 0
    without_face: int = 0
    errors: int = 0


class Output:
    """OUT, in any file system.

    Args:
        address: a folder of this machine, or an fsspec address.
        number: the column that counts the faces of a photo, or the people of a video.

    Raises:
        LabellingError: there can be no such folder.
    """

    def __init__(self, address: str, number: str = "face") -> None:
        self.address, self.number = address, number
        # Other processes write here too.
        with self._usable():
            self.fs, self.root = place_of(address, use_listings_cache=False)
            self.root = self.root.rstrip("/")
            self.root.encode()  # Arrow takes names in UTF-8 only
            self.arrow_fs = PyFileSystem(FSSpecHandler(self.fs))
        if found := MISREAD.search(self.root):
            raise LabellingError(f"{address} has “{found[0]}” in its name, which Ray misreads: choose another for OUT.")

    @property
    def checkpoint(self) -> str:
        """Ray Data's: the ids of photos whose rows are written."""
        return f"{self.root}/{CHECKPOINT}"

    def check(self, identity: dict) -> None:
        """Nothing is changed yet.

        Args:
            identity: what must be equal in all jobs of one folder.

        Raises:
            LabellingError: it cannot be used, holds something else, or faces labelled in another way.
        """
        with self._usable():
            record, others = self._record(), self._visible()
        if record is None:
            if others:
                raise LabellingError(f"{self.address} holds other files: choose a new folder.")
        elif differing := [name for name, value in identity.items() if record["identity"].get(name) != value]:
            another = " and ".join(differing)
            raise LabellingError(f"{self.address} was labelled with another {another}: choose a new folder.")

    def begin(self, identity: dict) -> None:
        """Makes the folder ready for a job, new or continued, after `check`.

        Raises:
            LabellingError: it cannot be written.
        """
        with self._usable():
            record = self._record()
            if record is None:
                self.fs.makedirs(self.root, exist_ok=True)
            elif record["complete"]:
                self._mark_all_done()
            self._write_record(identity, complete=False)

    def finish(self, identity: dict, readme: str, **facts: object) -> None:
        """Marks the job as finished. In this order: a checkpoint that is deleted in part means nothing.

        Raises:
            LabellingError: the folder cannot be written.
        """
        self.write(README, readme)
        with self._usable():
            self._write_record(identity, complete=True, **facts)
            if self.fs.exists(self.checkpoint):
                self.fs.rm(self.checkpoint, recursive=True)

    def counts(self) -> Counts:
        """Of all rows."""
        photos = faces = without = errors = 0
        for batch in self.batches([self.number, "error"]):
            number = batch.column(self.number)
            is_first = pyarrow.compute.equal(number, 1).fill_null(True)
            photos += is_first.true_count
            faces += len(number) - number.null_count
            nobody = pyarrow.compute.equal(batch.column("error"), NO_FACE).true_count
            without += nobody
            errors += number.null_count - nobody
        return Counts(photos, faces, without, errors)

    def batches(self, columns: list[str]) -> Iterator[pyarrow.RecordBatch]:
        """The rows, some thousands at a time.

        Raises:
            LabellingError: they cannot be read.
        """
        with self._usable():
            tables = [place for place in self._visible() if place.endswith(".parquet")]
            if tables:
                dataset = pyarrow.dataset.dataset(tables, format="parquet", filesystem=self.arrow_fs)
                yield from dataset.to_batches(columns)

    def write(self, name: str, text: str) -> None:
        """One file beside the tables, whole or not at all: a disk may be full.

        Raises:
            LabellingError: the folder cannot be written.
        """
        place = f"{self.root}/{name}"
        with self._usable():
            self.fs.pipe_file(f"{place}.new", text.encode())
            self.fs.mv(f"{place}.new", place)

    def _usable(self) -> AbstractContextManager[None]:
        return named(self.address, "cannot be used as OUT", "check the name, the space, and that it may be written")

    def _visible(self) -> list[str]:
        """What a reader of Parquet folders takes for a table."""
        if not self.fs.isdir(self.root):
            return []
        places = (place.rstrip("/") for place in self.fs.ls(self.root, detail=False))
        inside = {place.rpartition("/")[2]: place for place in places if place != self.root}
        return sorted(place for name, place in inside.items() if not name.startswith(("_", ".")))

    def _record(self) -> dict | None:
        path = f"{self.root}/{RECORD}"
        if not self.fs.exists(path):
            return None
        with suppress(ValueError):
            record = json.loads(self.fs.cat_file(path))
            if isinstance(record, dict) and "complete" in record and isinstance(record.get("identity"), dict):
                return record
        raise LabellingError(f"{self.address} holds a {RECORD} that is none of labelling's: choose a new folder.")

    def _write_record(self, identity: dict, complete: bool, **facts: object) -> None:
        record = {"complete": complete, "identity": identity, **facts}
        self.write(RECORD, json.dumps(record, indent=2, default=asdict) + "\n")

    def _mark_all_done(self) -> None:
        """A checkpoint with the photos of all rows: a finished job has none, and this one adds what is new."""
        if self.fs.exists(self.checkpoint):
            self.fs.rm(self.checkpoint, recursive=True)
        self.fs.makedirs(self.checkpoint)
        schema = pyarrow.schema([("path", pyarrow.string())])
        with (
            self.arrow_fs.open_output_stream(f"{self.checkpoint}/{DONE}") as file,
            pyarrow.parquet.ParquetWriter(file, schema) as writer,
        ):
            for batch in self.batches(["path", self.number]):
                is_first = pyarrow.compute.equal(batch.column(self.number), 1).fill_null(True)
                writer.write_batch(batch.filter(is_first).select(["path"]).cast(schema))
