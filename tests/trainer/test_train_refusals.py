"""What a run cannot use is one sentence before it trains; what changes no model does not keep a run from going on."""

import pytest
from datasets import load_dataset

import trainer.train
from tests.trainer.test_train import run_values
from trainer.__main__ import main
from trainer.errors import ConfigError, DataError, RunError
from trainer.train import train
from trainer.training.arguments import training_arguments
from trainer.training.config_file import parse_config

CHECKPOINTING = {"gradient_checkpointing": True}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "max_steps",
            0,
            "`training.max_steps` is 0; a whole number of steps from 1, or -1 for the epochs",
        ),
        ("max_steps", -5, "`training.max_steps` is -5; a whole number of steps"),
        ("max_steps", 2.5, "`training.max_steps` is 2.5; a whole number is wanted"),
        ("per_device_train_batch_size", 0, "is 0; a number from 1 is wanted"),
        ("gradient_accumulation_steps", 0, "is 0; a number from 1 is wanted"),
        ("learning_rate", float("nan"), "is nan; a finite number is wanted"),
        ("learning_rate", -1e-3, r"is -0\.001; a number from 0 is wanted"),
        ("logging_steps", 0, "is 0; a whole number of steps from 1, or a share"),
        ("adam_beta1", 2, "is 2; a number from 0 to below 1 is wanted"),
        ("seed", -1, "is -1; a number from 0 to 4294967295 is wanted"),
        ("bf16", "yes", "is 'yes'; true or false is wanted"),
        ("run_name", 3, "is 3; text is wanted"),
        ("label_smoothing_factor", 0.1, "has no use here: the smoothing of the gender is `model.config.gender_label"),
        ("prediction_loss_only", True, "has no use here: the metrics and the calibration need predictions"),
        ("label_names", ["labels"], "has no use here: the labels are gender, age_min and age_max"),
        ("report_to", "nonsense", "`training.report_to` is 'nonsense'; there are none, .*tensorboard.*"),
        ("dataloader_persistent_workers", True, "dataloader_persistent_workers"),
        ("gradient_checkpointing_kwargs", "nonsense", r"is 'nonsense'; a mapping such as \{name: value\} is wanted"),
        ("lr_scheduler_kwargs", "nonsense", r"is 'nonsense'; a mapping such as \{name: value\} is wanted"),
    ],
)
def test_an_argument_that_cannot_work(name, value, sentence, tiny_data, tmp_path):
    with pytest.raises(ConfigError, match=sentence) as raised:
        train(parse_config(run_values(tiny_data, tmp_path / "run", **{name: value})))
    assert "\n" not in str(raised.value)


def test_a_whole_number_for_a_fraction(tiny_data, tmp_path):
    arguments = training_arguments(parse_config(run_values(tiny_data, tmp_path / "run", adam_beta1=0)))
    assert type(arguments.adam_beta1) is float


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({"optim": "nope"}, "nope is not a valid OptimizerNames"),
        ({"optim_args": "nope"}, "`training` cannot be used"),
        ({"lr_scheduler_type": "cosine_with_min_lr"}, "One of min_lr or min_lr_rate should be set"),
        ({"lr_scheduler_kwargs": {"nope": 1}}, "unexpected keyword argument 'nope'"),
        ({"dataloader_multiprocessing_context": "nope"}, "`training` cannot be used: multiprocessing_context"),
        ({**CHECKPOINTING, "gradient_checkpointing_kwargs": {"nope": 1}}, "checkpointing_kwargs` .*arguments: nope"),
        ({**CHECKPOINTING, "gradient_checkpointing_kwargs": {"every_n_layers": 0}}, "every_n_layers` is 0; a whole"),
        ({"debug": "tpu_metrics_debug"}, "`training.debug: tpu_metrics_debug` needs a TPU"),
        ({"output_dir": ["run"]}, r"`training.output_dir` is \['run'\]; text is wanted"),
        ({"log_level": "nope"}, "`training` cannot be used: KeyError 'nope'"),
        ({"deepspeed": {"zero_optimization": {"stage": 2}}}, "`training.deepspeed` needs a package .*pip install deep"),
        ({"fsdp": "true"}, "`training` cannot be used: Using fsdp only works in distributed training"),
        ({"output_dir": "/dev/null/run"}, "the folder /dev/null/run of `training.output_dir` cannot be made"),
    ],
)
def test_what_trainer_cannot_make(training, sentence, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 1}]}
    values["training"] |= training
    with pytest.raises((ConfigError, RunError), match=sentence):
        train(parse_config(values))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"num_attention_heads": 0}, "`model.config.num_attention_heads` is 0; a whole number from 1 is wanted"),
        ({"patch_size": [8, 8]}, r"`model.config.patch_size` is \[8, 8\]; a whole number from 1"),
        ({"num_channels": 1}, "`model.config.num_channels` is 1; 3, as faces are RGB, is wanted"),
        ({"hidden_act": "nope"}, "`model` cannot be used: KeyError 'nope'"),
        ({"drop_path_rate": 2.0}, "is 2.0; a number from 0 to below 1 is wanted"),
        ({"gender_label_smoothing": 2.0}, "is 2.0; a number from 0 to 1 is wanted"),
        ({"age_label_sigma": 0.0}, "is 0.0; a number above 0 is wanted"),
        ({"age_interval_level": 1.0}, "is 1.0; a number between 0 and 1 is wanted"),
        ({"hidden_size": "wide"}, "is 'wide'; a whole number from 1 is wanted"),
    ],
)
def test_a_network_that_cannot_be(config, sentence, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run")
    values["model"]["config"] |= config
    with pytest.raises(ConfigError, match=sentence):
        train(parse_config(values))


def test_a_last_batch_of_one_patch(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run", per_device_train_batch_size=47)
    values["model"]["config"] |= {"stem": "convolutional", "stem_channels": [4, 4, 4], "stem_depths": [1, 1, 1]}
    values["stages"] = [{"image_size": 8, "epochs": 1}]
    with pytest.raises(ConfigError, match="last batch of an epoch has one face of one patch"):
        train(parse_config(values))
    values["training"]["dataloader_drop_last"] = True
    train(parse_config(values))


def test_a_model_that_gives_no_numbers_is_not_finished(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run", learning_rate=1e30, max_grad_norm=0.0)
    with pytest.raises(RunError, match="the training diverged"):
        train(parse_config(values | {"stages": [{"image_size": 16, "epochs": 1}]}))
    assert not (tmp_path / "run" / "model").exists()


def test_a_report_whose_package_is_missing(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.training.argument_checks.get_available_reporting_integrations", lambda: [])
    with pytest.raises(ConfigError, match=r"not installed: `pip install -e \"\.\[train,tensorboard\]\"`"):
        train(parse_config(run_values(tiny_data, tmp_path / "run", report_to="tensorboard")))


@pytest.mark.parametrize("stage", [0, 1])
def test_a_size_that_the_patch_does_not_divide(stage, tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run")
    values["stages"][stage]["image_size"] = 20
    with pytest.raises(ConfigError, match=rf"`stages\[{stage}\].image_size` is 20; a multiple of the patch size"):
        train(parse_config(values))


def test_no_batch_is_left(tiny_data, tmp_path):
    training = {"dataloader_drop_last": True, "per_device_train_batch_size": 64}
    with pytest.raises(ConfigError, match="leaves no batch of 64 faces out of 48"):
        train(parse_config(run_values(tiny_data, tmp_path / "run", **training)))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_ages_the_wrong_way_round(split, tiny_data, tmp_path):
    splits = load_dataset(str(tiny_data), cache_dir=str(tmp_path / "cache"))
    (tmp_path / "turned" / "data").mkdir(parents=True)
    for name, rows in splits.items():
        if name == split:
            rows = rows.map(lambda row: {"age_min": row["age_max"], "age_max": row["age_min"]})
        rows.to_parquet(tmp_path / "turned" / "data" / f"{name}-00000-of-00001.parquet")
    with pytest.raises(DataError, match=rf"split {split} .* rows whose age_min is .* above age_max.*: {split}/000"):
        train(parse_config(run_values(tmp_path / "turned", tmp_path / "run")))


def test_an_age_with_one_end_alone(tiny_data, tmp_path):
    splits = load_dataset(str(tiny_data), cache_dir=str(tmp_path / "cache"))
    splits["train"] = splits["train"].map(
        lambda row, number: {"age_max": None} if number == 5 else {}, with_indices=True
    )
    (tmp_path / "half" / "data").mkdir(parents=True)
    for name, rows in splits.items():
        rows.to_parquet(tmp_path / "half" / "data" / f"{name}-00000-of-00001.parquet")
    with pytest.raises(DataError, match="1 of 48 rows whose age_min is below 0, above age_max, or alone, the first"):
        train(parse_config(run_values(tmp_path / "half", tmp_path / "run")))


def test_a_refused_config_is_corrected_in_the_same_folder(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 1}]}
    for wrong in ({"data": {"train": [str(tmp_path / "none")]}}, {"model": {"pretrained": str(tmp_path / "none")}}):
        with pytest.raises((DataError, ConfigError)):
            train(parse_config(values | wrong))
    train(parse_config(values))


def test_what_changes_no_model_does_not_keep_a_run_from_going_on(tiny_data, tmp_path):
    values = run_values(tiny_data, tmp_path / "run") | {"stages": [{"image_size": 16, "epochs": 1}]}
    model = train(parse_config(values))
    values["data"]["cache_dir"] = str(tmp_path / "cache")
    values["training"] |= {"logging_steps": 5, "logging_first_step": True, "disable_tqdm": False, "run_name": "second"}
    values["training"] |= {"dataloader_num_workers": 1, "save_steps": 3, "per_device_eval_batch_size": 8}
    values["training"] |= {"report_to": "none", "log_level": "error", "hub_model_id": "user/model"}
    assert train(parse_config(values)) == model
    values["training"]["learning_rate"] = 0.5
    with pytest.raises(RunError, match=r"another config: `training.learning_rate` was 0\.01 and is 0\.5; continue"):
        train(parse_config(values))
    values["training"] |= {"learning_rate": 1e-2, "dataloader_drop_last": True}
    with pytest.raises(RunError, match="`training.dataloader_drop_last` was not set and is True"):
        train(parse_config(values))


def test_a_record_that_is_none(tiny_data, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.yaml").write_text("- 1\n")
    with pytest.raises(RunError, match="run.yaml is no record of a run's config"):
        train(parse_config(run_values(tiny_data, tmp_path / "run")))


def test_ctrl_c_is_a_line_and_the_status_of_an_interrupted_command(monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer.train, "load_config", interrupt)
    assert main(["train", "config.yaml"]) == 130
    assert capsys.readouterr().err == "python -m trainer train: interrupted\n"
