import dataclasses
import json

import pytest
import torch
from transformers import TrainingArguments

from trainer.__main__ import main
from trainer.training.arguments import DEFAULTS, training_arguments
from trainer.training.config import RunConfig
from trainer.training.config_file import parse_config
from trainer.training.config_help import section_of, settings_help
from trainer.training.settings import settings_of, wanted

SECTIONS = {
    name: section for name, setting in settings_of(RunConfig).items() if (section := section_of(setting)) is not None
}


def joined(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def shown():
    return joined(settings_help(width=80))


def test_every_section_is_grouped():
    assert list(SECTIONS) == ["model", "data", "stages", "augmentation"]


@pytest.mark.parametrize("section", [RunConfig, *SECTIONS.values()], ids=lambda section: section.__name__)
def test_every_field_has_help(section):
    for setting in dataclasses.fields(section):
        assert setting.metadata.get("help", "").endswith("."), setting.name


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_is_shown_with_type_default_and_help(name, shown):
    prefix = "stages[]" if name == "stages" else name
    assert f"{name}: {joined(settings_of(RunConfig)[name].metadata['help'])}" in shown
    for key, setting in settings_of(SECTIONS[name]).items():
        if setting.default is not dataclasses.MISSING:
            default = f"default {json.dumps(setting.default)}"
        elif setting.default_factory is not dataclasses.MISSING:
            default = f"default {json.dumps(setting.default_factory())}"
        else:
            default = "required"
        assert joined(f"{prefix}.{key}: {wanted(setting)}; {default} {setting.metadata['help']}") in shown


def test_settings_outside_sections_are_shown(shown):
    for name in settings_of(RunConfig).keys() - SECTIONS.keys():
        setting = settings_of(RunConfig)[name]
        assert joined(f"{name}: {wanted(setting)}; default ") in shown
        assert joined(setting.metadata["help"]) in shown
    assert "earlier:" not in shown


def test_types_are_shown_as_a_user_writes_them(shown):
    assert "data.margin: a number from 0 to 0.25; default 0.125" in shown
    assert "data.limit: a whole number from 1; default null" in shown
    assert "model.revision: text; default null" in shown
    assert "average_mirrored: true or false; default false" in shown


def test_defaults_of_the_trainer_that_differ_are_named(shown, tmp_path):
    assert "Every field of transformers' TrainingArguments." in shown
    line = shown.partition("Defaults that differ from TrainingArguments: ")[2].partition("average_mirrored")[0]
    values = {"data": {"train": ["a"]}, "stages": [{"image_size": 32, "epochs": 2}]}
    values["training"] = {"output_dir": str(tmp_path), "use_cpu": True}
    ours, plain = training_arguments(parse_config(values)), TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    differing = {f.name for f in dataclasses.fields(ours) if getattr(ours, f.name) != getattr(plain, f.name)}
    assert differing == {*DEFAULTS, "num_train_epochs"}
    for name in differing:
        assert name in line


def test_memory_is_pinned_where_there_is_a_gpu(tmp_path):
    values = {"data": {"train": ["a"]}, "stages": [{"image_size": 32, "epochs": 2}]}
    arguments = training_arguments(parse_config(values | {"training": {"output_dir": str(tmp_path)}}))
    assert arguments.dataloader_pin_memory is torch.cuda.is_available()


def test_lines_fit_the_width():
    assert max(len(line) for line in settings_help(width=60).splitlines()[1:]) <= 60


def test_the_command_shows_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(["train", "--help"])
    assert ended.value.code == 0
    assert settings_help(width=78) in capsys.readouterr().out
