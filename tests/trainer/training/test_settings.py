"""Types, ranges and names of settings: one sentence for each mistake, before anything is loaded."""

import copy
import dataclasses
import json
import pickle
import re

import pytest

from tests.conftest import REPOSITORY
from trainer.errors import ConfigError
from trainer.training.config import AugmentationSection, DataSection, ModelSection, RunConfig, Stage
from trainer.training.config_file import parse_config

SMALLEST = {"data": {"train": ["data"]}, "stages": [{"image_size": 32, "epochs": 2}]}
KNOWN = "model, data, stages, augmentation, ema_decay, start_share, age_temperature, layer_decay, "
KNOWN += "early_stopping_patience, training, average_mirrored"
SECTIONS = [ModelSection(), DataSection(["a"]), Stage(32, 1), AugmentationSection(), parse_config(SMALLEST)]


def changed(path, value):
    """`SMALLEST` with the setting at a path of keys and indices."""
    values = copy.deepcopy(SMALLEST)
    *keys, last = path
    place = values
    for key in keys:
        place = place[key] if isinstance(place, list) else place.setdefault(key, {})
    place[last] = value
    return values


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("data", "margin"), "a lot", "`data.margin` is 'a lot'; a number from 0 to 0.25 is wanted"),
        (("data", "margin"), True, "`data.margin` is True; a number from 0 to 0.25 is wanted"),
        (("data", "margin"), None, "`data.margin` is None; a number from 0 to 0.25 is wanted"),
        (("data", "limit"), "all", "`data.limit` is 'all'; a whole number from 1 is wanted"),
        (("data", "cache_dir"), 3, "`data.cache_dir` is 3; text is wanted"),
        (("data", "columns"), ["sex"], "`data.columns` is ['sex']; a mapping such as {their_name: our_name} is wanted"),
        (("data", "train"), [3], "`data.train` is [3]; a list of folders that"),
        (("data", "weights"), {"a": 0}, "`data.weights` is {'a': 0}; a mapping of names to weights above 0, such as"),
        (("data", "weights"), {"a": "x"}, "`data.weights` is {'a': 'x'}; a mapping of names to weights above 0"),
        (
            ("data", "weights"),
            {"a": {"age": -1}},
            "`data.weights` is {'a': {'age': -1}}; a mapping of names to weights",
        ),
        (("data", "weights"), {"a": {"sex": 1}}, "`data.weights` is {'a': {'sex': 1}}; a mapping of names to weights"),
        (
            ("data", "weights"),
            {"a": {"age": "x"}},
            "`data.weights` is {'a': {'age': 'x'}}; a mapping of names to weights",
        ),
        (("model", "revision"), 1234567, "`model.revision` is 1234567; text is wanted"),
        (("model", "config"), "wide", "`model.config` is 'wide'; a mapping such as {name: value} is wanted"),
        (("stages", 0, "epochs"), 2.5, "`stages[0].epochs` is 2.5; a whole number from 1 is wanted"),
        (("stages", 0), 32, "`stages[0]` is 32; a mapping such as {name: value} is wanted"),
        (("augmentation", "noise"), "some", "`augmentation.noise` is 'some'; a number from 0 to 1 is wanted"),
        (("ema_decay",), "high", "`ema_decay` is 'high'; a number from 0 to below 1 is wanted"),
        (("average_mirrored",), "no", "`average_mirrored` is 'no'; true or false is wanted"),
        (("training",), [1], "`training` is [1]; a mapping such as {name: value} is wanted"),
    ],
)
def test_a_wrong_type_is_one_sentence(path, value, sentence):
    with pytest.raises(ConfigError, match="^" + re.escape(sentence)) as raised:
        parse_config(changed(path, value))
    assert "\n" not in str(raised.value)


def test_a_mapping_of_stages_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^`stages` is \{'image_size': 32\}; a list of at least one entry such as"):
        parse_config(SMALLEST | {"stages": {"image_size": 32}})


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        *((("data", name), (0, 0.5, 1), (-0.01, 1.01)) for name in ("fallback_share", "age_balance", "gender_balance")),
        (("data", "drop_unlikely"), (0, 0.99), (-0.01, 1, float("nan"))),
        (("data", "margin"), (0, 0.25), (-0.1, 0.26, float("inf"))),
        (("data", "limit"), (1, None), (0, -1)),
        (("ema_decay",), (0, 0.999), (-0.1, 1)),
        (("augmentation", "rotation"), (0, 180), (-1, 181)),
        (("augmentation", "scale"), (0, 0.9), (-0.1, 1)),
        *(
            (("augmentation", name), (0, 1), (-0.1, 1.1))
            for name in ("shift", "colour", "grey", "low_resolution", "noise", "erase")
        ),
        (("stages", 0, "image_size"), (1, 224), (0, -32)),
        (("stages", 0, "epochs"), (1, 100), (0, -1)),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) and isinstance(value[0], str) else "",
)
def test_a_value_out_of_range_is_one_sentence(path, inside, outside):
    for value in inside:
        parse_config(changed(path, value))
    shown = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
    for value in outside:
        with pytest.raises(ConfigError, match=f"^`{re.escape(shown)}` is {re.escape(repr(value))}; a .*is wanted$"):
            parse_config(changed(path, value))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (("modle",), "unknown setting `modle`; did you mean `model`?"),
        (("data", "marign"), "unknown setting `data.marign`; did you mean `data.margin`?"),
        (("stages", 0, "epoch"), "unknown setting `stages[0].epoch`; did you mean `stages[0].epochs`?"),
        (("stages", 0, "size"), "unknown setting `stages[0].size`; `stages[0]` has image_size, epochs"),
        (("augmentation", "color"), "unknown setting `augmentation.color`; did you mean `augmentation.colour`?"),
        (
            ("training", "learning_rte"),
            "unknown setting `training.learning_rte`; did you mean `training.learning_rate`?",
        ),
        (("training", 1), "unknown setting `training.1`; `training` has the fields of TrainingArguments"),
        (("training", "x"), "unknown setting `training.x`; `training` has the fields of TrainingArguments"),
        (
            ("model", "config", "drop_path"),
            "unknown setting `model.config.drop_path`; did you mean `model.config.drop_path_rate`?",
        ),
        (("earlier",), f"unknown setting `earlier`; a config has {KNOWN}"),
        ((3,), f"unknown setting `3`; a config has {KNOWN}"),
    ],
)
def test_a_misspelt_name_has_its_nearest(path, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        parse_config(changed(path, None))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"data": {}}, r"`data\.train`"),
        ({"data": None}, r"`data\.train`"),
        ({"data": {"train": []}}, r"`data\.train`"),
        ({"stages": None}, "`stages`"),
        ({"stages": []}, "`stages`"),
        ({"stages": [{"epochs": 3}]}, r"`stages\[0\]\.image_size`"),
    ],
)
def test_what_a_run_needs_is_named(values, named):
    with pytest.raises(ConfigError, match=f"^{named} is (missing|None|\\[\\]); a .* is wanted$"):
        parse_config(SMALLEST | values)


def test_empty_sections_have_the_defaults():
    empty = {"model": None, "augmentation": None, "training": None}
    assert parse_config(SMALLEST | empty) == parse_config(SMALLEST)
    assert parse_config(SMALLEST | {"model": {"config": None}}) == parse_config(SMALLEST)


def test_whole_numbers_become_floats():
    rotation = parse_config(changed(("augmentation", "rotation"), 15)).augmentation.rotation
    assert (rotation, type(rotation)) == (15.0, float)


def test_one_name_is_a_list_of_one():
    assert parse_config(changed(("data", "train"), "data/utkface")).data.train == ["data/utkface"]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: type(section).__name__)
def test_sections_are_frozen_and_can_be_copied(section):
    name = dataclasses.fields(section)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(section, name, getattr(section, name))
    assert not hasattr(section, "__dict__")
    assert pickle.loads(pickle.dumps(section)) == section
    assert copy.deepcopy(section) == section
    assert dataclasses.replace(section) == section


def test_sections_check_themselves_without_a_file():
    with pytest.raises(ConfigError, match=r"^`margin` is 0\.5"):
        DataSection(["a"], margin=0.5)
    with pytest.raises(ConfigError, match="^`epochs` is 0"):
        dataclasses.replace(Stage(32, 1), epochs=0)
    with pytest.raises(ConfigError, match="^`stages` is"):
        RunConfig(data=DataSection(["a"]), stages=(3,))


def test_an_old_record_compares_equal():
    record = json.loads((REPOSITORY / "model" / "training.json").read_text(encoding="utf-8"))
    while record is not None:
        values = parse_config(record["config"]).to_dict()
        assert json.loads(json.dumps(values)) == record["config"]
        assert list(values) == list(record["config"])
        assert all(list(values[name]) == list(record["config"][name]) for name in ("model", "data", "augmentation"))
        record = record["started_from"]


def test_the_record_of_the_smallest_run():
    assert parse_config(SMALLEST).to_dict() == {
        "model": {"pretrained": None, "revision": None, "attn_implementation": "sdpa", "config": {}},
        "data": {
            "train": ["data"],
            "margin": 0.125,
            "fallback_share": 0.1,
            "age_balance": 0.5,
            "limit": None,
            "cache_dir": None,
        },
        "stages": ({"image_size": 32, "epochs": 2},),
        "augmentation": {
            "rotation": 10.0,
            "scale": 0.1,
            "shift": 0.05,
            "colour": 0.3,
            "grey": 0.1,
            "low_resolution": 0.2,
            "noise": 0.04,
            "erase": 0.25,
        },
        "ema_decay": 0.0,
        "training": {},
        "average_mirrored": False,
    }
