"""Archives that are unpacked before they are read."""

import tarfile

import pytest

from tests.trainer.drawn_sources import write_tar
from trainer.errors import DataError
from trainer.sources.archives import unpack


def test_a_python_that_cannot_unpack_safely_says_so(tmp_path, monkeypatch):
    path = write_tar(tmp_path / "saved.tar.gz", {"a.parquet": b"1"}, prefix="")
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out/a.parquet").read_bytes() == b"1"
    monkeypatch.delattr(tarfile, "data_filter")
    with pytest.raises(DataError, match=r"takes Python 3\.10\.12, 3\.11\.4 or later"):
        unpack(path, tmp_path / "again")
