"""`train` end to end on drawn faces: a short run, a run that is killed, and what a run refuses."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
import yaml
from PIL import Image as PILImage
from safetensors.torch import load_file

from gender_age.checkpoint import load_checkpoint
from gender_age.modeling_gender_age import GenderAgeModel
from tests.conftest import REPOSITORY, TINY
from tests.trainer.training.published_mobilenet import random_weights, write_tensorflow_js
from trainer.errors import ConfigError, RunError
from trainer.train import train
from trainer.training.averaging import AVERAGE_FILE
from trainer.training.build_model import build_model
from trainer.training.checkpoints import COMPLETE_FILE, newest_whole_checkpoint, remove_broken_checkpoints
from trainer.training.config import ModelSection, Stage
from trainer.training.config_file import load_config, parse_config
from trainer.training.fast_depthwise import speed_up_depthwise
from trainer.training.stages import image_size_at


def run_values(data, output, **training):
    return {
        "model": {"config": TINY | {"image_size": 24, "drop_path_rate": 0.1}},
        "data": {"train": [str(data)]},
        "stages": [{"image_size": 16, "epochs": 2}, {"image_size": 24, "epochs": 1}],
        "ema_decay": 0.5,
        "average_mirrored": True,
        "training": {
            "output_dir": str(output),
            "per_device_train_batch_size": 8,
            "per_device_eval_batch_size": 24,
            "learning_rate": 1e-2,
            "eval_strategy": "epoch",
            "save_strategy": "steps",
            "save_steps": 4,
            "save_total_limit": 2,
            "logging_steps": 1,
            "use_cpu": True,
            "disable_tqdm": True,
            "seed": 3,
            **training,
        },
    }


@pytest.fixture(scope="module")
def unbroken(tiny_data, tmp_path_factory):
    run = tmp_path_factory.mktemp("run") / "unbroken"
    return train(parse_config(run_values(tiny_data, run)))


def test_a_run_leaves_a_checkpoint_that_the_predictor_loads(unbroken):
    model, image_processor = load_checkpoint(unbroken)
    assert image_processor.size["height"] == 24
    assert image_processor.alignment["fill"] == 128
    assert model.config.gender_temperature != 1.0
    assert model.config.age_interval_mass != 0.8
    assert model.config.average_mirrored


def test_a_run_records_how_it_was_made(unbroken):
    record = json.loads((unbroken / "training.json").read_text())
    assert record["config"]["model"]["config"]["hidden_size"] == 16
    assert record["train_images"] == 48
    assert record["without_landmarks"] == 6
    assert record["sources"] == [["fairface", "utkface"]]
    assert len(record["data_revision"]) == 64
    assert record["world_size"] == 1
    assert record["seed"] == 3
    assert len(record["history"]) == 3
    assert {"eval_drawn_age_mae", "eval_drawn_gender_accuracy"} <= set(record["history"][0])
    assert record["started_from"] is None
    assert record["calibrated_on"] == {"genders": 24, "exact_ages": 12}
    assert (record["epoch"], record["best_step"]) == (3, None)


def test_a_run_in_bf16_with_mobilenets_stem(tiny_data, tmp_path, monkeypatch):
    sped_up = []
    monkeypatch.setattr("trainer.train.speed_up_depthwise", lambda model: sped_up.append(speed_up_depthwise(model)))
    values = run_values(tiny_data, tmp_path / "run", bf16=True)
    weights = write_tensorflow_js(tmp_path / "faceres.json", random_weights())
    values["model"] = {"config": TINY | {"stem": "mobilenet", "patch_size": 32}, "stem_weights": weights}
    values["stages"], values["data"]["limit"] = [{"image_size": 64, "epochs": 1}], 16
    folder = train(parse_config(values))
    assert sped_up == [4]
    assert json.loads((folder / "training.json").read_text())["config"]["model"]["stem_weights"] == weights
    stem = load_checkpoint(folder)[0].backbone.embeddings.patch_embeddings
    untrained = build_model(ModelSection(**values["model"]), 64).backbone.embeddings.patch_embeddings
    # Two steps away from those weights, and not from others.
    before, after = (each.stages[5][3].conv.weight for each in (untrained, stem))
    assert 0 < (after - before).norm() < 0.9 * before.norm()


def test_a_run_draws_its_curves(unbroken):
    with PILImage.open(unbroken.parent / "curves.png") as picture:
        assert picture.size[0] > 400


def test_a_run_reports_to_tensorboard(tiny_data, tmp_path):
    pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    values = run_values(tiny_data, tmp_path / "run", report_to="tensorboard")
    train(parse_config(values | {"stages": [{"image_size": 16, "epochs": 1}]}))
    (events,) = (tmp_path / "run" / "runs").rglob("events.out.tfevents.*")
    told = EventAccumulator(str(events))
    told.Reload()
    assert [event.step for event in told.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]
    history = json.loads((tmp_path / "run" / "model" / "training.json").read_text())["history"]
    for name in ("age_mae", "drawn_age_mae", "gender_accuracy"):
        (event,) = told.Scalars(f"eval/{name}")
        assert (event.step, event.value) == (6, pytest.approx(history[-1][f"eval_{name}"]))


def test_a_run_goes_on_from_the_model_of_another(unbroken, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "longer")
    values["model"] = {"pretrained": str(unbroken)}
    values["training"]["learning_rate"] = 0.0
    longer = train(parse_config(values | {"ema_decay": 0.0}))
    before, after = (load_checkpoint(folder)[0] for folder in (unbroken, longer))
    for name, weight in before.named_parameters():
        assert torch.equal(after.get_parameter(name), weight), name
    record = json.loads((longer / "training.json").read_text())
    # Neither run evaluates with mirrored faces, though the initial model of the second averages over them.
    evaluated = json.loads((unbroken / "training.json").read_text())["history"][-1]
    assert record["history"][-1]["eval_drawn_age_mae"] == pytest.approx(evaluated["eval_drawn_age_mae"], abs=1e-4)
    started_from = record["started_from"]
    assert started_from["hours"] >= 0
    assert started_from["config"]["model"]["config"]["hidden_size"] == 16
    assert "history" not in started_from


def test_one_command_trains_the_run_that_a_config_goes_on_from(tiny_data, tmp_path):
    first = run_values(tiny_data, "elsewhere") | {"stages": [{"image_size": 24, "epochs": 1}]}
    second = first | {"model": {"pretrained": "first.yaml"}}
    for name, values in (("first", first), ("second", second)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(values))
    run = tmp_path / "run"
    finished = train(load_config(tmp_path / "second.yaml", [f"training.output_dir={run}"]))
    assert finished == run / "model"
    record = json.loads((finished / "training.json").read_text())
    assert record["config"]["model"]["pretrained"] == str(run / "first" / "model")
    assert record["started_from"]["config"]["model"]["pretrained"] is None
    assert "earlier" not in record["config"]


def test_the_saved_weights_are_the_average(unbroken):
    last = newest_whole_checkpoint(unbroken.parent)
    assert last.name == "checkpoint-18"
    average = load_file(last / AVERAGE_FILE)
    saved, live = (GenderAgeModel.from_pretrained(folder).state_dict() for folder in (unbroken, last))
    assert all(torch.equal(saved[name], average[name]) for name in saved)
    assert not torch.equal(saved["age_head.weight"], live["age_head.weight"])


def test_a_finished_run_is_left_as_it_is(unbroken, tiny_data):
    before = (unbroken / "model.safetensors").stat().st_mtime_ns
    assert train(parse_config(run_values(tiny_data, unbroken.parent))) == unbroken
    assert (unbroken / "model.safetensors").stat().st_mtime_ns == before


def test_a_run_of_an_older_version_is_continued(unbroken, tiny_data):
    # It recorded the number as the config had it: 10, which is 10.0 now.
    recorded = unbroken.parent / "run.yaml"
    text = recorded.read_text()
    assert "rotation: 10.0" in text
    recorded.write_text(text.replace("rotation: 10.0", "rotation: 10"))
    assert train(parse_config(run_values(tiny_data, unbroken.parent))) == unbroken


def test_another_config_does_not_continue_it(unbroken, tiny_data):
    with pytest.raises(RunError, match="another config"):
        train(parse_config(run_values(tiny_data, unbroken.parent, learning_rate=2e-2)))


@pytest.mark.slow
def test_killed_and_started_again_it_ends_as_the_unbroken_one(unbroken, tiny_data, tmp_path):
    run = tmp_path / "killed"
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(run_values(tiny_data, run)))
    command = [sys.executable, "-m", "trainer", "train", str(config)]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while newest_whole_checkpoint(run) is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, printed = process.communicate()
    assert process.returncode == -signal.SIGKILL, printed
    assert not (run / "model").exists()

    finished = train(parse_config(run_values(tiny_data, run)))
    broken, whole = (json.loads((folder / "training.json").read_text()) for folder in (finished, unbroken))
    assert newest_whole_checkpoint(run).name == "checkpoint-18"
    # The first epochs' entries may lie before the kill; the last one is of the continued part.
    for name, value in whole["history"][-1].items():
        if name.endswith(("_loss", "_mae", "_accuracy")):
            assert broken["history"][-1][name] == pytest.approx(value, rel=1e-3), name


def test_half_a_checkpoint_is_passed_over_and_removed(tmp_path):
    for step in (4, 8, 12):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if step < 12:
            (tmp_path / f"checkpoint-{step}" / COMPLETE_FILE).write_text("{}")
    assert newest_whole_checkpoint(tmp_path).name == "checkpoint-8"
    remove_broken_checkpoints(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["checkpoint-4", "checkpoint-8"]


def test_no_checkpoint_is_none(tmp_path):
    assert newest_whole_checkpoint(tmp_path) is None


def test_image_size_follows_the_stages():
    config = parse_config(run_values("data", "run"))
    assert config.stages == (Stage(16, 2), Stage(24, 1))
    assert [image_size_at(epoch, config) for epoch in (0, 0.99, 1.9999999, 2.0000001, 2.5, 3)] == [
        16,
        16,
        24,
        24,
        24,
        24,
    ]


@pytest.mark.parametrize(
    ("training", "named"),
    [
        ({"learning_rte": 1}, "learning_rte"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"save_total_limit": 1}, "save_total_limit"),
    ],
)
def test_unusable_training_arguments_are_named(tiny_data, tmp_path, training, named):
    with pytest.raises(ConfigError, match=named):
        train(parse_config(run_values(tiny_data, tmp_path, **training)))
