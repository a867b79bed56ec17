"""What a checkpoint keeps of how its steps were made."""

import json
import shutil

import pytest
from datasets import load_dataset

from tests.trainer.test_train import run_values
from trainer.errors import RunError
from trainer.train import train
from trainer.training.checkpoints import COMPLETE_FILE, CompletionMarker
from trainer.training.config_file import parse_config


@pytest.fixture
def broken_off(tiny_data, tmp_path):
    """The values of a run that was broken off after its last checkpoint, over data of its own."""
    shutil.copytree(tiny_data, tmp_path / "data")
    values = run_values(tmp_path / "data", tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 1}]}
    shutil.rmtree(train(parse_config(values)))
    return values


def test_a_run_goes_on_with_as_many_faces_in_a_step(broken_off, tmp_path):
    (newest,) = tmp_path.glob("run/checkpoint-6")
    marker = json.loads((newest / COMPLETE_FILE).read_text())
    assert marker["faces per step"] == 8
    # As two processes would have left it.
    (newest / COMPLETE_FILE).write_text(json.dumps(marker | {"faces per step": 16}))
    with pytest.raises(RunError, match="the faces per step of .*checkpoint-6 were 16 and are 8 now"):
        train(parse_config(broken_off))


def test_a_run_goes_on_with_the_labels_that_it_began_with(broken_off, tmp_path):
    (file,) = (tmp_path / "data").rglob("train-*.parquet")
    rows = load_dataset("parquet", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    corrected = rows.map(lambda row, number: {"gender": 1 - row["gender"]} if number == 3 else {}, with_indices=True)
    corrected.to_parquet(file)
    with pytest.raises(RunError, match="the files and labels of .* are others now: continue"):
        train(parse_config(broken_off))


def test_older_checkpoints_say_nothing_and_go_on(tmp_path):
    (tmp_path / COMPLETE_FILE).write_text('{"step": 4, "seconds": 12.5}')
    assert CompletionMarker(tmp_path, {"faces per step": 8}).seconds >= 12.5
