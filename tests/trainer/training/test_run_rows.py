"""The rows of a run: data sets without images for validation, whose part the others take."""

import logging

import pytest
from datasets import load_dataset

from tests.trainer.test_train import run_values
from trainer.errors import DataError
from trainer.training.arguments import training_arguments
from trainer.training.config import DataSection
from trainer.training.config_file import parse_config
from trainer.training.run_rows import dataset_names, load_run_rows
from trainer.training.streaming import stream_faces


def test_data_sets_of_one_name_are_numbered(tmp_path):
    (tmp_path / "a/faces").mkdir(parents=True)
    names = dataset_names([str(tmp_path / "a/faces"), "owner/faces@main", "owner/others", "another/faces"])
    assert names == ["faces", "faces-2", "others", "faces-3"]


@pytest.fixture
def without_validation(tiny_data, tmp_path):
    rows = load_dataset(str(tiny_data), split="train", cache_dir=str(tmp_path / "cache"))
    (tmp_path / "few" / "data").mkdir(parents=True)
    rows.select(range(3)).to_parquet(tmp_path / "few" / "data" / "train-00000-of-00001.parquet")
    return tmp_path / "few"


def test_validation_is_that_of_the_data_sets_that_have_some(tiny_data, without_validation, caplog):
    with caplog.at_level(logging.WARNING):
        rows = load_run_rows(DataSection(train=[str(without_validation), str(tiny_data)]))
    assert list(rows.validation) == [tiny_data.name]
    assert len(rows.training) == 3 + 48
    assert caplog.messages == [f"few has no images for validation, which are those of {tiny_data.name}"]


def test_a_stream_takes_one_without_validation_too(tiny_data, without_validation, caplog, tmp_path):
    values = run_values(tiny_data, tmp_path / "run")
    config = parse_config(
        values | {"data": {"train": [str(without_validation), str(tiny_data)], "streaming": True, "age_balance": 0.0}}
    )
    with caplog.at_level(logging.WARNING):
        faces, validation = stream_faces(config, training_arguments(config))
    assert list(validation) == [tiny_data.name]
    assert faces.num_faces == 3 + 48
    assert caplog.messages == [f"few has no images for validation, which are those of {tiny_data.name}"]


def test_some_data_set_has_to_have_validation(without_validation):
    with pytest.raises(DataError, match="no split 'validation'; it has train.* add a dataset that has some"):
        load_run_rows(DataSection(train=[str(without_validation)]))
