"""A drawn UTKFace and a place for what `prepare` makes of it; a drawn dataset in several Parquet files."""

import shutil

import pytest
from datasets import load_dataset
from datasets.fingerprint import generate_random_fingerprint
from pyarrow import parquet

from tests.trainer.drawn_sources import chips, write_folder


@pytest.fixture
def load(tmp_path):
    return lambda out: load_dataset(str(out), cache_dir=str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path):
    return write_folder(tmp_path / "source", chips())


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "utkface"


@pytest.fixture(scope="session")
def sharded(tiny_data, tmp_path_factory):
    """The drawn dataset with its 48 training faces in two files, of seven row groups with 1 to 9 faces."""
    folder = tmp_path_factory.mktemp("sharded") / "drawn"
    (folder / "data").mkdir(parents=True)
    (training,), (validation,) = ((tiny_data / "data").glob(f"{split}-*") for split in ("train", "validation"))
    table = parquet.read_table(training)
    for shard, sizes in enumerate([[9, 9, 9, 1], [9, 9, 2]]):
        path = folder / "data" / f"train-0000{shard}-of-00002.parquet"
        with parquet.ParquetWriter(path, table.schema) as writer:
            for size in sizes:
                writer.write_table(table.slice(0, size))
                table = table.slice(size)
    shutil.copy(validation, folder / "data")
    return folder


@pytest.fixture(autouse=True)
def runs_are_short(monkeypatch):
    """Most of the time of a tiny run is not its training.

    Its curves are left out: the run that the tests of test_train.py share draws them. `datasets` hashes the answers of
    each evaluation for a cache that has no use here.
    """
    monkeypatch.setattr("trainer.train.draw_curves", lambda *_: None)
    monkeypatch.setattr("datasets.arrow_dataset.generate_fingerprint", lambda _: generate_random_fingerprint())
