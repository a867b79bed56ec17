"""Photos, tables of photos, and the command in a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from labelling.items import SCHEMA
from labelling.sources import pieces_of
from tests.conftest import REPOSITORY
from tests.fakes import noise

EXAMPLES = ("bera.jpg", "collins.jpg", "hopper.jpg")


def photo_bytes(size_wh: tuple[int, int] = (60, 50), seed: int = 0) -> bytes:
    """A PNG without a face."""
    file = io.BytesIO()
    noise(size_wh, seed).save(file, "PNG")
    return file.getvalue()


def small_example(name: str) -> bytes:
    """A portrait of the examples, 120 pixels high."""
    file = io.BytesIO()
    with Image.open(REPOSITORY / "examples" / name) as image:
        image.resize((round(image.width * 120 / image.height), 120)).save(file, "JPEG")
    return file.getvalue()


def write_table(path: Path, cells: list[bytes | None], **arguments: object) -> None:
    """A Parquet file with a column of photos as the Hub's datasets have it, and one of labels."""
    images = [None if cell is None else {"bytes": cell, "path": None} for cell in cells]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    table = pyarrow.table({"image": pyarrow.array(images, kind), "label": range(len(cells))})
    pyarrow.parquet.write_table(table, path, **arguments)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Two portraits, a picture of nobody, a broken photo, and what is none."""
    folder = tmp_path / "photos"
    (folder / "inside" / ".hidden").mkdir(parents=True)
    for name in EXAMPLES[:2]:
        (folder / name).write_bytes(small_example(name))
    (folder / "inside" / "nobody.png").write_bytes(photo_bytes())
    (folder / "inside" / "broken.jpg").write_bytes(b"no photo")
    (folder / "inside" / ".hidden" / "thumbnail.png").write_bytes(photo_bytes())
    (folder / "notes.txt").write_text("no photo either")
    return folder


@pytest.fixture
def memory(photos):
    """The photos in fsspec's file system in memory, as a store that is not on this machine."""
    fs = fsspec.filesystem("memory")
    fs.put(f"{photos}/", "/bucket/photos/", recursive=True)
    yield "memory://bucket/photos"
    fs.rm("/bucket", recursive=True)


def items_of(source, num_cpus=1, column=None):
    """Every item, in order."""
    tables = [table for piece in pieces_of(str(source), num_cpus, column) for table in piece.read()]
    assert all(table.schema == SCHEMA for table in tables)
    return pyarrow.concat_tables(tables).to_pylist()


def paths_of(source, **arguments):
    return [item["path"] for item in items_of(source, **arguments)]


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m labelling` to its end, in the repository's root."""
    return subprocess.run(
        [sys.executable, "-m", "labelling", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
