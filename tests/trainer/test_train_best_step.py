"""The best step of a run by a metric: its weights, or its average, are what is calibrated and saved."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gender_age.checkpoint import load_checkpoint
from gender_age.modeling_gender_age import GenderAgeModel
from tests.trainer.test_train import run_values
from trainer.errors import ConfigError
from trainer.train import train
from trainer.training.averaging import AVERAGE_FILE
from trainer.training.checkpoints import newest_whole_checkpoint
from trainer.training.config_file import parse_config


def values_for(data, output, best=None, epochs=2, ema_decay=0.5, **training):
    """A run of six steps an epoch; `best`: the metric to choose by."""
    chosen = {"load_best_model_at_end": True, "metric_for_best_model": best} if best else {}
    values = run_values(data, output, save_strategy="epoch", save_total_limit=3, **chosen, **training)
    return values | {"stages": [{"image_size": 24, "epochs": epochs}], "ema_decay": ema_decay}


def record_of(model):
    return json.loads((model / "training.json").read_text())


@pytest.mark.parametrize(
    ("save_strategy", "ema_decay"),
    [
        ("epoch", 0.5),
        ("steps", 0.0),
        pytest.param("epoch", 0.0, marks=pytest.mark.slow),
        pytest.param("steps", 0.5, marks=pytest.mark.slow),
    ],
)
def test_the_model_of_the_best_step_is_saved(ema_decay, save_strategy, tiny_data, tmp_path):
    # The highest MAE counts as the best here: the last step is never that one.
    values = values_for(tiny_data, tmp_path / "run", "drawn_age_mae", ema_decay=ema_decay, greater_is_better=True)
    values["training"] |= {"save_strategy": save_strategy}
    model = train(parse_config(values))
    record = record_of(model)
    best = max(record["history"], key=lambda entry: entry["eval_drawn_age_mae"])["step"]
    assert record["best_step"] == best < 12
    assert record["epoch"] == best / 6
    folder = tmp_path / "run" / f"checkpoint-{best}"
    expected = load_file(folder / AVERAGE_FILE) if ema_decay else GenderAgeModel.from_pretrained(folder).state_dict()
    saved = GenderAgeModel.from_pretrained(model).state_dict()
    assert all(torch.equal(saved[name], expected[name]) for name in expected)


def test_calibration_is_of_the_best_step(tiny_data, tmp_path):
    """A run that ends with its best step has the same model and calibration as a longer one that goes back to it."""
    values = values_for(tiny_data, tmp_path / "long", "age_mae", greater_is_better=True, lr_scheduler_type="constant")
    long = train(parse_config(values))
    best = record_of(long)["best_step"]
    values["training"] |= {"output_dir": str(tmp_path / "short"), "max_steps": best, "load_best_model_at_end": False}
    short = train(parse_config(values))
    assert best < 12
    assert (long / "model.safetensors").read_bytes() == (short / "model.safetensors").read_bytes()
    assert (long / "config.json").read_bytes() == (short / "config.json").read_bytes()


def test_a_low_error_is_better(tiny_data, tmp_path):
    record = record_of(train(parse_config(values_for(tiny_data, tmp_path / "run", "eval_drawn_age_mae"))))
    assert record["best_step"] == min(record["history"], key=lambda entry: entry["eval_drawn_age_mae"])["step"]


def test_pooled_metrics_are_over_the_faces_of_all_data_sets(tiny_data, tmp_path):
    shutil.copytree(tiny_data, tmp_path / "again")
    values = values_for(tiny_data, tmp_path / "run", "age_mae", epochs=1)
    values["data"]["train"].append(str(tmp_path / "again"))
    entry = record_of(train(parse_config(values)))["history"][0]
    for name in ("age_mae", "gender_accuracy", "loss", "range_accuracy"):
        each = [entry[f"eval_{source}_{name}"] for source in ("drawn", "again")]
        assert entry[f"eval_{name}"] == pytest.approx(np.mean(each), rel=1e-5)


def test_early_stopping_and_a_run_that_is_continued_where_it_stopped(tiny_data, tmp_path, caplog):
    # No learning: no evaluation is better than the first.
    values = values_for(tiny_data, tmp_path / "run", "age_mae", epochs=9, learning_rate=0.0)
    values["early_stopping_patience"] = 2
    model = train(parse_config(values))
    curves = tmp_path / "run" / "curves.png"
    assert caplog.messages[-1] == f"the model of step 6 is in {model}, the curves are in {curves}"
    calibrated = [message for message in caplog.messages if "are calibrated on" in message]
    assert len(calibrated) == 1
    assert "rough below 100" in calibrated[0]
    assert [entry["step"] for entry in record_of(model)["history"]] == [6, 12, 18]
    assert record_of(model)["best_step"] == 6
    before = (model / "model.safetensors").read_bytes()
    # Killed before the model was saved: the run is over, and takes no further step.
    shutil.rmtree(model)
    assert train(parse_config(values)) == model
    assert newest_whole_checkpoint(tmp_path / "run").name == "checkpoint-18"
    assert [entry["step"] for entry in record_of(model)["history"]] == [6, 12, 18]
    assert (model / "model.safetensors").read_bytes() == before
    # Killed before the second epoch's checkpoint: the patience is counted on, not anew.
    shutil.rmtree(model)
    for step in (12, 18):
        shutil.rmtree(tmp_path / "run" / f"checkpoint-{step}")
    train(parse_config(values))
    assert [entry["step"] for entry in record_of(model)["history"]] == [6, 12, 18]
    assert (model / "model.safetensors").read_bytes() == before


def test_a_checkpoint_knows_the_evaluation_of_its_step(tiny_data, tmp_path):
    """Trainer saves by steps before it evaluates at the end of an epoch; a kill in between would lose the best step."""
    values = values_for(tiny_data, tmp_path / "run", "age_mae", epochs=2)
    values["training"] |= {"save_strategy": "steps", "save_steps": 6}
    train(parse_config(values))
    for step in (6, 12):
        state = json.loads((tmp_path / "run" / f"checkpoint-{step}" / "trainer_state.json").read_text())
        assert state["log_history"][-1]["step"] == step
        assert "eval_age_mae" in state["log_history"][-1]


def test_a_run_in_a_folder_that_was_moved_finds_its_best_step(tiny_data, tmp_path):
    values = values_for(tiny_data, tmp_path / "run", "age_mae", greater_is_better=True)
    model = train(parse_config(values))
    before = (model / "model.safetensors").read_bytes()
    assert record_of(model)["best_step"] < 12
    shutil.rmtree(model)
    (tmp_path / "run").rename(tmp_path / "moved")
    values["training"]["output_dir"] = str(tmp_path / "moved")
    assert (train(parse_config(values)) / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"metric_for_best_model": "age_map"},
            r"`training.metric_for_best_model` is 'age_map'; this run has loss, age_mae",
        ),
        ({"metric_for_best_model": "age_bias"}, "'age_bias', which is best neither high nor low"),
        ({"load_best_model_at_end": True, "eval_strategy": "no"}, "set `training.eval_strategy` to epoch or steps"),
        ({"load_best_model_at_end": True, "save_strategy": "no"}, "`training.save_strategy: no` writes none"),
        ({"eval_strategy": "no", "early_stopping_patience": 2}, "`early_stopping_patience` compares evaluations"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence_before_training(changes, sentence, tiny_data, tmp_path):
    values = values_for(tiny_data, tmp_path / "run")
    patience = changes.pop("early_stopping_patience", None)
    values["training"] |= changes
    with pytest.raises(ConfigError, match=sentence):
        train(parse_config(values | {"early_stopping_patience": patience}))
    assert not list((tmp_path / "run").glob("checkpoint-*"))


def test_the_saved_model_is_whole(tiny_data, tmp_path):
    load_checkpoint(train(parse_config(values_for(tiny_data, tmp_path / "run", "loss", epochs=1))))
