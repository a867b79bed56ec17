"""Faces whose label the starting model all but rules out are left out of a run, the same ones when it goes on."""

import json

import numpy as np
import pytest
import torch
from datasets import load_dataset

from gender_age.checkpoint import load_checkpoint
from tests.conftest import TINY
from trainer.errors import ConfigError, RunError
from trainer.faces.aligned_faces import AlignedFaces
from trainer.train import train
from trainer.training.config_file import parse_config
from trainer.training.label_cleaning import DROPPED_FILE, NEAR_YEARS, likely_rows


def values(data, output, pretrained=None, **settings):
    return {
        "model": {"config": TINY | {"image_size": 24}} if pretrained is None else {"pretrained": str(pretrained)},
        "data": {"train": [str(data)], **settings},
        "stages": [{"image_size": 16, "epochs": 1}],
        "training": {
            "output_dir": str(output),
            "per_device_train_batch_size": 8,
            "use_cpu": True,
            "disable_tqdm": True,
            "save_strategy": "steps",
            "save_steps": 2,
        },
    }


@pytest.fixture(scope="module")
def start(tiny_data, tmp_path_factory):
    settings = values(tiny_data, tmp_path_factory.mktemp("start") / "run")
    settings["stages"] = [{"image_size": 24, "epochs": 2}]
    folder = train(parse_config(settings))
    # As if it had been trained with them: its answers are to be those of its own mean and deviation.
    path = folder / "preprocessor_config.json"
    changes = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


@pytest.fixture(scope="module")
def probabilities(start, tiny_data, tmp_path_factory):
    """Of the labels, `(gender, age)`, worked out face by face from faces that were cut without a margin."""
    model, image_processor = load_checkpoint(start)
    faces = AlignedFaces(load_dataset(str(tiny_data), split="train"), [24], tmp_path_factory.mktemp("cut"))
    found = []
    for index in range(len(faces)):
        face = faces[index]
        with torch.inference_mode():
            outputs = model(**image_processor(face["pixels"], return_tensors="pt"))
        ages = outputs.age_logits.softmax(dim=-1)[0]
        low, high = max(0, face["age_min"] - NEAR_YEARS), face["age_max"] + NEAR_YEARS
        gender = (outputs.gender_logits / model.config.gender_temperature).softmax(dim=-1)[0, face["gender"]]
        found.append((float(gender), float(ages[low : high + 1].sum())))
    return np.array(found)


@pytest.fixture
def cleaned(start, tiny_data, tmp_path, probabilities):
    """A config that drops a third of the faces or more, its run's folder, and the files it is to drop."""
    ordered = np.sort(probabilities.min(axis=1))
    below = float(ordered[15:17].mean())
    run = tmp_path / "run"
    config = parse_config(values(tiny_data, run, start, drop_unlikely=below, fallback_share=0.0))
    files = np.array(load_dataset(str(tiny_data), split="train")["file"][:])
    expected = {
        name: [[int(row), str(files[row])] for row in np.flatnonzero(probabilities[:, column] < below)]
        for column, name in enumerate(("gender", "age"))
    }
    return config, run, expected


def test_a_run_leaves_them_out_and_says_so(cleaned):
    config, run, expected = cleaned
    record = json.loads((train(config) / "training.json").read_text())
    assert json.loads((run / DROPPED_FILE).read_text()) == expected
    assert record["dropped"] == {name: len(files) for name, files in expected.items()}
    assert record["train_images"] == 48 - 16
    assert record["config"]["data"]["drop_unlikely"] == config.data.drop_unlikely


def test_what_is_noted_is_not_asked_again(cleaned, tiny_data, tmp_path):
    config, run, _ = cleaned
    rows = load_dataset(str(tiny_data), split="train")
    run.mkdir()
    files = rows["file"][:]
    (run / DROPPED_FILE).write_text(json.dumps({"gender": [[0, files[0]], [1, files[1]]], "age": [[1, files[1]]]}))
    assert likely_rows(rows, config, tmp_path, run).tolist() == [False] * 2 + [True] * 46
    with pytest.raises(RunError, match="does not have"):
        likely_rows(rows.select(range(1, 48)), config, tmp_path, run)
    with pytest.raises(RunError, match="does not have"):
        likely_rows(rows.select([0]), config, tmp_path, run)


def test_of_files_with_one_name_only_the_unlikely_one_goes(cleaned, tiny_data, tmp_path):
    config, run, expected = cleaned
    rows = load_dataset(str(tiny_data), split="train")
    run.mkdir()
    twice = rows.remove_columns("file").add_column("file", ["000001.jpg"] * 48).cast(rows.features)
    kept = likely_rows(twice, config, tmp_path, run)
    assert {row for row in range(48) if not kept[row]} == {row for found in expected.values() for row, _ in found}


def test_only_a_trained_model_can_tell(tiny_data, tmp_path):
    settings = values(tiny_data, tmp_path / "run", drop_unlikely=0.01)
    with pytest.raises(ConfigError, match="`data.drop_unlikely` needs a trained model"):
        train(parse_config(settings))
    assert not (tmp_path / "run" / "faces").exists(), "no face is cut before"


def test_something_has_to_be_left(start, tiny_data, tmp_path):
    settings = values(tiny_data, tmp_path / "run", start, drop_unlikely=0.9999)
    with pytest.raises(ConfigError, match="leaves no face"):
        train(parse_config(settings))
    assert not (tmp_path / "run" / DROPPED_FILE).exists()


@pytest.mark.parametrize("below", ["1e-3", -0.1, 1, 5, True, None])
def test_other_probabilities_are_refused(tiny_data, tmp_path, below):
    with pytest.raises(ConfigError, match=r"data\.drop_unlikely"):
        parse_config(values(tiny_data, tmp_path / "run", drop_unlikely=below))


def test_kept_faces_keep_their_labels_and_pixels(tiny_data, tmp_path):
    faces = AlignedFaces(load_dataset(str(tiny_data), split="train"), [16], tmp_path)
    third, last = faces[2], faces[47]
    faces.keep(torch.tensor([row in (2, 47) for row in range(48)]))
    assert len(faces) == 2
    for before, after in ((third, faces[0]), (last, faces[1])):
        assert all(torch.equal(before[name], after[name]) for name in before)
