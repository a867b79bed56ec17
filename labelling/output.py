"""OUT: a folder of Parquet files with a record, a README, and Ray Data's checkpoint while a job is not finished.

The names of all but the tables begin with an underscore, which readers of Parquet folders leave out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass

import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
from fsspec.core import url_to_fs
from pyarrow.fs import FSSpecHandler, PyFileSystem

from gender_age.writers import NO_FACE

from .errors import LabellingError

RECORD, README, REPORT, CHECKPOINT = "_labelling.json", "_README.md", "_report.html", "_checkpoint"
DONE = "done.parquet"


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
    """

    def __init__(self, address: str, number: str = "face") -> None:
        self.address, self.number = address, number
        # Other processes write here too.
        self.fs, self.root = url_to_fs(address, use_listings_cache=False)
        self.root = self.root.rstrip("/")
        self.arrow_fs = PyFileSystem(FSSpecHandler(self.fs))

    @property
    def checkpoint(self) -> str:
        """Ray Data's: the ids of photos whose rows are written."""
        return f"{self.root}/{CHECKPOINT}"

    def check(self, identity: dict) -> None:
        """Nothing is changed yet.

        Args:
            identity: what must be equal in all jobs of one folder.

        Raises:
            LabellingError: it holds something else, or faces labelled in another way.
        """
        record = self._record()
        if record is None:
            if self.tables():
                raise LabellingError(f"{self.address} holds other Parquet files: choose a new folder.")
        elif differing := [name for name, value in identity.items() if record["identity"].get(name) != value]:
            another = " and ".join(differing)
            raise LabellingError(f"{self.address} was labelled with another {another}: choose a new folder.")

    def begin(self, identity: dict) -> None:
        """Makes the folder ready for a job, new or continued, after `check`."""
        record = self._record()
        if record is None:
            self.fs.makedirs(self.root, exist_ok=True)
        elif record["complete"]:
            self._mark_all_done()
        self._write_record(identity, complete=False)

    def finish(self, identity: dict, readme: str, **facts: object) -> None:
        """Marks the job as finished. In this order: a checkpoint that is deleted in part means nothing."""
        self.write(README, readme)
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
        """The rows, some thousands at a time."""
        if tables := self.tables():
            yield from pyarrow.dataset.dataset(tables, format="parquet", filesystem=self.arrow_fs).to_batches(columns)

    def tables(self) -> list[str]:
        """The Parquet files."""
        if not self.fs.isdir(self.root):
            return []
        return sorted(name for name in self.fs.ls(self.root, detail=False) if name.endswith(".parquet"))

    def write(self, name: str, text: str) -> None:
        """One file beside the tables."""
        self.fs.pipe_file(f"{self.root}/{name}", text.encode())

    def _record(self) -> dict | None:
        path = f"{self.root}/{RECORD}"
        if not self.fs.exists(path):
            return None
        with suppress(ValueError):
            record = json.loads(self.fs.cat_file(path))
            if isinstance(record, dict) and {"identity", "complete"} <= record.keys():
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
