import os

import pytest
import yaml

from trainer.training.config import RunConfig
from trainer.training.config_file import parse_config
from trainer.training.typed_yaml import read_yaml


@pytest.mark.parametrize("text", ["7e12345", "7e12", "1234567", "0123456", "1_000", "1.0", "no", "2024-01-01", "main"])
@pytest.mark.parametrize("kind", [str, str | None], ids=["str", "str | None"])
def test_text_keeps_its_characters(text, kind):
    assert read_yaml(text, kind) == text
    assert read_yaml(f"[{text}, {text}]", list[kind]) == [text, text]
    assert read_yaml(f"{{{text}: {text}}}", dict[str, kind]) == {text: text}
    assert read_yaml(text, list[str]) == text


@pytest.mark.parametrize("text", ["null", "~", ""])
def test_nothing_stays_nothing(text):
    assert read_yaml(text, str | None) is None


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 1e-3), ("-2E+2", -200.0), ("1.e3", 1000.0), ("1.0e-3", 1e-3), ("'1e-3'", "1e-3")]
)
def test_exponents_need_no_point(text, value):
    read = read_yaml(text, float)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("0.5", 0.5), ("yes", True), ("[1, a]", [1, "a"]), ("{a: no}", {"a": False})]
)
def test_other_types_are_read_as_yaml_has_them(text, value):
    assert read_yaml(text, int) == value


def test_a_whole_file_is_read_with_the_types_of_its_settings():
    text = """
    model: {revision: 0123456, config: {layer_norm_eps: 1e-6}}
    data: {train: 2024_01, margin: 1e-1, limit: 3, columns: {1: age, no: gender}}
    stages: [{image_size: 32, epochs: 2}]
    augmentation: {rotation: 15}
    ema_decay: 9e-1
    training: {run_name: 7e12345, learning_rate: 1e-4, save_steps: 200, eval_strategy: no, bf16: no}
    """
    values = read_yaml(text, RunConfig)
    assert values["model"] == {"revision": "0123456", "config": {"layer_norm_eps": 1e-6}}
    assert values["data"] == {
        "train": "2024_01",
        "margin": 0.1,
        "limit": 3,
        "columns": {"1": "age", "no": "gender"},
    }
    config = parse_config(values)
    assert config.data.train == ["2024_01"]
    assert config.ema_decay == 0.9
    assert config.training == {
        "run_name": "7e12345",
        "learning_rate": 1e-4,
        "save_steps": 200,
        "eval_strategy": "no",
        "bf16": False,
    }
    assert type(config.training["save_steps"]) is int


def test_merge_keys_and_unknown_settings_are_left_to_yaml():
    text = "base: &base {image_size: 32}\nstages: [{<<: *base, epochs: 1}]"
    assert read_yaml(text, RunConfig) == {"base": {"image_size": 32}, "stages": [{"image_size": 32, "epochs": 1}]}


def test_a_list_that_holds_itself_ends():
    values = read_yaml("train: &a [*a]", RunConfig.__dataclass_fields__["data"].type)
    assert values["train"][0] is values["train"]


def test_broken_yaml_is_yamls_error():
    with pytest.raises(yaml.YAMLError):
        read_yaml("[1", list[str])


def test_the_home_folder_is_only_what_begins_as_its_path_does(monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, "/home/ada")
    texts = read_yaml("[~/runs, '~', ~root, ~30, a~/b]", list[str])
    assert [os.path.normpath(texts[0]), *texts[1:]] == [os.path.normpath("/home/ada/runs"), "~", "~root", "~30", "a~/b"]
