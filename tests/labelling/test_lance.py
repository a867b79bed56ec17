"""Lance datasets as SOURCE (extra `lance`)."""

import pickle
import shutil

import pyarrow
import pytest

from labelling.errors import StoreLostError
from labelling.sources import pieces_of

from .conftest import items_of, photo_bytes

lance = pytest.importorskip("lance")

CELLS = [photo_bytes(seed=number) for number in range(3)]


@pytest.fixture
def address(tmp_path):
    """Two fragments, of two photos and one."""
    address = str(tmp_path / "photos.lance")
    lance.write_dataset(pyarrow.table({"image": CELLS, "label": [1, 2, 3]}), address, max_rows_per_file=2)
    return address


def test_a_lance_dataset(address):
    items = items_of(address)
    assert [item["path"] for item in items] == [f"{address}/{row}" for row in range(3)]
    assert [item["data"] for item in items] == CELLS


def test_a_relative_name_is_found_from_another_working_directory(address, tmp_path, monkeypatch):
    """As the nodes of a cluster have it."""
    monkeypatch.chdir(tmp_path)
    pieces = pickle.loads(pickle.dumps(pieces_of("photos.lance", 1)))
    monkeypatch.chdir("/")
    items = [item for piece in pieces for table in piece.read() for item in table.to_pylist()]
    assert [item["path"] for item in items] == [f"photos.lance/{row}" for row in range(3)]
    assert [item["data"] for item in items] == CELLS


def test_a_dataset_that_is_gone_is_no_rows_error(address):
    (piece, _) = pieces_of(address, 1)
    shutil.rmtree(address)
    with pytest.raises(StoreLostError, match=f"^{address} can no longer be read "):
        list(piece.read())


def test_a_dataset_that_goes_while_it_is_read_is_no_rows_error(address, monkeypatch):
    (piece, _) = pieces_of(address, 1)
    opened = lance.dataset(address)
    answers = iter([opened])

    def dataset(*given, **options):
        for answer in answers:
            shutil.rmtree(address)
            return answer
        raise ValueError("Dataset not found")

    monkeypatch.setattr(lance, "dataset", dataset)
    with pytest.raises(StoreLostError, match=r"can no longer be read \(Dataset not found\)$"):
        list(piece.read())


def test_a_damaged_fragment_is_its_rows_error(address, tmp_path):
    whole, damaged = pieces_of(address, 1)
    names = [file.path for fragment in lance.dataset(address).get_fragments() for file in fragment.data_files()]
    (tmp_path / "photos.lance" / "data" / names[1]).unlink()
    assert next(whole.read())["error"].null_count == 2
    (error,) = next(damaged.read())["error"].to_pylist()
    assert error.startswith("“photos.lance” cannot be read (")
