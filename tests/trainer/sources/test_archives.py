"""Archives that are unpacked before they are read."""

import tarfile

import pytest

from tests.trainer.drawn_sources import write_tar
from trainer.errors import DataError
from trainer.sources.archives import unpack


@pytest.fixture
def archive(tmp_path):
    return write_tar(tmp_path / "saved.tar.gz", {"a.parquet": b"1"}, prefix="")


@pytest.mark.skipif(not hasattr(tarfile, "data_filter"), reason="this Python cannot unpack safely")
def test_its_files_are_unpacked(archive, tmp_path):
    unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/a.parquet").read_bytes() == b"1"


def test_a_python_that_cannot_unpack_safely_says_so(archive, tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    with pytest.raises(DataError, match=r"takes Python 3\.10\.12, 3\.11\.4 or later"):
        unpack(archive, tmp_path / "out")
