"""A drawn UTKFace and a place for what `prepare` makes of it."""

import pytest
from datasets import load_dataset

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
