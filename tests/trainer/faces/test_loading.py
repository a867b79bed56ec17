"""Names of datasets: folders, ids of the Hub, and revisions."""

import shutil

import pytest

from trainer.errors import DataError
from trainer.faces.loading import load_prepared, load_rows, name_and_revision
from trainer.training.saving import is_on_hub


@pytest.mark.parametrize(
    ("source", "named"),
    [("user/faces", ("user/faces", None)), ("user/faces@v1", ("user/faces", "v1")), ("faces@", ("faces", None))],
)
def test_a_hub_id_may_have_a_revision(source, named):
    assert name_and_revision(source) == named


def test_a_folder_with_a_revision_is_a_sentence(tiny_data):
    with pytest.raises(DataError, match=r"drawn is a folder, and only datasets of the Hub have .* out @x$"):
        load_prepared(f"{tiny_data}@x")


def test_a_folder_of_photos_is_to_be_prepared(tmp_path):
    (tmp_path / "metadata.csv").write_text("file_name;age\n1.jpg;3\n")
    with pytest.raises(DataError, match=r"is no prepared dataset: `python -m trainer prepare .* OUT` makes one"):
        load_prepared(str(tmp_path))


def test_a_folders_own_name_may_hold_an_at_sign(tiny_data, tmp_path):
    folder = shutil.copytree(tiny_data, tmp_path / "me@home")
    assert len(load_rows(str(folder), "test")) == 24
    assert not is_on_hub(str(folder))
