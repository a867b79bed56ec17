"""Folders and files whose paths `datasets` takes for patterns."""

import shutil
from pathlib import Path

import pytest

from trainer.faces.loading import load_prepared
from trainer.faces.parquet_splits import parquet_split
from trainer.sources.opening import open_source


@pytest.fixture
def bracketed(tiny_data, tmp_path):
    return shutil.copytree(tiny_data, tmp_path / "faces [2024]")


def test_a_prepared_folder_is_loaded(bracketed, tiny_data):
    found, plain = load_prepared(str(bracketed)), load_prepared(str(tiny_data))
    assert {split: rows["file"][:] for split, rows in found.items()} == {
        s: rows["file"][:] for s, rows in plain.items()
    }
    assert found["train"].features == plain["train"].features


def test_a_split_is_read_and_streamed(bracketed, tiny_data):
    split = parquet_split(str(bracketed), "train")
    files = load_prepared(str(tiny_data))["train"]["file"][:]
    assert split.num_rows == len(files)
    assert split.load()["file"][:] == files
    assert sorted(row["file"] for row in split.stream(0, 1)) == sorted(files)


def test_a_folder_and_a_file_are_sources(bracketed, tiny_data):
    def splits(path):
        return [(record.file, record.split) for record in open_source(path).records]

    assert splits(bracketed) == splits(tiny_data)
    file = shutil.copy(next(tiny_data.glob("data/train-*")), bracketed / "faces [1].parquet")
    assert len(open_source(file).records) == len(load_prepared(str(tiny_data))["train"])


def test_a_relative_path_is_read_in_a_working_folder_with_brackets(bracketed, tiny_data, monkeypatch):
    shutil.copytree(bracketed, bracketed / "faces")
    monkeypatch.chdir(bracketed)
    files = load_prepared(str(tiny_data))["train"]["file"][:]
    assert load_prepared("faces")["train"]["file"][:] == files
    assert parquet_split("faces", "train").load()["file"][:] == files
    assert len(open_source(Path("faces")).records) == len(open_source(tiny_data).records)
