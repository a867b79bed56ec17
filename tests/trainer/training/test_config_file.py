import dataclasses
import re

import pytest
import yaml

from tests.conftest import REPOSITORY
from trainer.errors import ConfigError
from trainer.training.build_model import build_model
from trainer.training.config_file import load_config, parse_config

FOLDER = REPOSITORY / "trainer" / "configs"
# What `search` varies is no run.
CONFIGS = sorted(path for path in FOLDER.glob("*.yaml") if path.stem != "search")
CLEANED, LONGER, MOBILENET, MOBILENET_160, SCRATCH, THREE_SOURCES, THREE_SOURCES_192 = (
    FOLDER / f"{name}.yaml"
    for name in (
        "cleaned",
        "longer",
        "mobilenet",
        "mobilenet_160",
        "scratch",
        "three_sources",
        "three_sources_192",
    )
)
SMALLEST = {"data": {"train": ["data"]}, "stages": [{"image_size": 32, "epochs": 2}]}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configs_are_read(path):
    config = load_config(path)
    assert config.epochs > 0
    assert config.training["save_total_limit"] >= 2


def test_ten_configs_ship():
    names = ["cleaned", "finetune", "left_out", "longer", "mobilenet", "mobilenet_160", "own_photos", "scratch"]
    names += ["three_sources", "three_sources_192"]
    assert [path.stem for path in CONFIGS] == names


@pytest.mark.parametrize(
    ("path", "before"),
    [
        (THREE_SOURCES_192, MOBILENET_160),
        (THREE_SOURCES, MOBILENET_160),
        (MOBILENET_160, MOBILENET),
        (LONGER, SCRATCH),
        (CLEANED, LONGER),
    ],
    ids=["three_sources_192", "three_sources", "mobilenet_160", "longer", "cleaned"],
)
def test_a_run_goes_on_where_the_one_before_ends(path, before):
    config = load_config(path)
    assert config.earlier == load_config(before)
    assert config.model.pretrained == load_config(before).training["output_dir"] + "/model"


def test_unlikely_labels_are_left_out_of_the_named_run_alone():
    config = load_config(CLEANED, ["data.drop_unlikely=0.02"])
    assert (config.data.drop_unlikely, config.earlier.data.drop_unlikely) == (0.02, 0)


def test_overrides_of_data_and_training_go_for_the_earlier_runs_too():
    config = load_config(
        CLEANED,
        [
            "data.train=[a]",
            "training.learning_rate=1e-4",
            "training.output_dir='runs/mine'",
            "training.push_to_hub=true",
            "training.hub_model_id=user/model",
            "ema_decay=0",
        ],
    )
    assert config.model.pretrained == "runs/mine/longer/model"
    assert config.earlier.model.pretrained == "runs/mine/longer/scratch/model"
    first = config.earlier.earlier
    assert first.data.train == ["a"]
    assert first.training["learning_rate"] == 1e-4
    assert not {"push_to_hub", "hub_model_id"} & set(first.training)
    assert first.ema_decay == load_config(SCRATCH).ema_decay


def test_with_a_model_of_ones_own_nothing_comes_first():
    assert load_config(CLEANED, ["model.pretrained=user/model"]).earlier is None


def test_configs_that_wait_for_each_other(tmp_path):
    for name, before in (("a", "b"), ("b", "a")):
        values = SMALLEST | {"model": {"pretrained": f"{before}.yaml"}, "training": {"output_dir": name}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match="a.yaml waits for itself"):
        load_config(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("path", "stem"), [(SCRATCH, "convolutional"), (MOBILENET, "mobilenet")], ids=["scratch", "mobilenet"]
)
def test_the_configs_for_two_cores_build_models_under_25_mb(path, stem):
    config = load_config(path)
    # The published weights are not in the repository.
    model = build_model(dataclasses.replace(config.model, stem_weights=None), config.image_size)
    assert model.config.stem == stem
    assert model.num_parameters() * 2 < 25e6


def test_overrides_go_over_the_file():
    config = load_config(
        SCRATCH, ["training.learning_rate=1e-4", "data.train=[a, b]", "model.config.pooling=cls", "ema_decay=0"]
    )
    assert config.training["learning_rate"] == 1e-4
    assert config.data.train == ["a", "b"]
    assert config.model.config["pooling"] == "cls"
    assert config.ema_decay == 0.0


@pytest.mark.parametrize("revision", ["7e12345", "7e12", "1234567", "0123456", "no"])
def test_a_revision_stays_the_text_it_is(revision, tmp_path):
    assert load_config(SCRATCH, [f"model.revision={revision}"]).model.revision == revision
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(SMALLEST) + f"model:\n  revision: {revision}\n")
    assert load_config(tmp_path / "config.yaml").model.revision == revision


def test_overrides_have_the_type_of_their_setting(tmp_path):
    overrides = ["data.margin=1e-1", "augmentation.rotation=5", "data.train=data/utkface", "training.run_name=1e5"]
    config = load_config(SCRATCH, [*overrides, "model.revision=", "model.config.layer_norm_eps=1e-5"])
    assert config.data.margin == 0.1
    assert type(config.augmentation.rotation) is float
    assert config.data.train == ["data/utkface"]
    assert config.training["run_name"] == "1e5"
    assert config.model.revision is None
    assert config.model.config["layer_norm_eps"] == 1e-5


def test_an_earlier_run_keeps_a_folder_that_looks_like_a_number():
    config = load_config(LONGER, ["training.output_dir=2024_01"])
    assert config.training["output_dir"] == "2024_01"
    assert config.earlier.training["output_dir"] == "2024_01/scratch"


def test_exponents_in_the_file_need_no_point(tmp_path):
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump(SMALLEST) + "ema_decay: 9e-1\ntraining:\n  learning_rate: 1e-3\n"
    )
    config = load_config(tmp_path / "config.yaml")
    assert config.ema_decay == 0.9
    assert config.training["learning_rate"] == 1e-3


def test_an_empty_section_takes_overrides(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(SMALLEST) + "augmentation:\n")
    assert load_config(tmp_path / "config.yaml", ["augmentation.noise=0"]).augmentation.noise == 0.0


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.margin=a lot", "`data.margin` is 'a lot'; a number from 0 to 0.25 is wanted"),
        ("data.train=[a", "the value of the override data.train=[a is not YAML"),
        ("trainng.seed=1", "unknown setting `trainng`; did you mean `training`?"),
        ("training.sed=1", "unknown setting `training.sed`; did you mean `training.seed`?"),
    ],
)
def test_a_wrong_override_is_one_sentence(override, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        load_config(SCRATCH, [override])


def test_no_is_a_strategy():
    config = load_config(SCRATCH, ["training.eval_strategy=no", "training.bf16=no"])
    assert config.training["eval_strategy"] == "no"
    assert config.training["bf16"] is False


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"modle": {}}, "modle"),
        ({"data": {"train": ["a"], "balance": 1}}, "age_balance"),
        ({"data": {}}, "data.train"),
        ({"stages": []}, "stages"),
        ({"stages": [{"size": 3}]}, "image_size"),
        ({"model": 3}, "`model` is 3"),
        ({"training": 3}, "`training` is 3"),
        ({"training": {"num_train_epochs": 3}}, "num_train_epochs"),
    ],
)
def test_what_is_not_known_is_named(change, named):
    with pytest.raises(ConfigError, match=named):
        parse_config(SMALLEST | change)


def test_broken_yaml_is_one_sentence_with_the_line(tmp_path):
    (tmp_path / "bad.yaml").write_text("model: {}\nstages: [1\n")
    with pytest.raises(ConfigError, match=r"bad.yaml is not YAML: expected .*, line 3$"):
        load_config(tmp_path / "bad.yaml")


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the config"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("override", ["no-equals-sign", "stages.deeper=1"])
def test_an_override_that_names_nothing(override):
    with pytest.raises(ConfigError, match="override|name a setting"):
        load_config(SCRATCH, [override])


def test_the_home_folder_is_expanded_wherever_a_path_may_be(monkeypatch, tmp_path):
    """Transformers expands it in `output_dir` alone: model and checkpoints went to two folders."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    text = (
        "{model: {stem_weights: ~/stem.json, pretrained: ~/backbone}, stages: [{image_size: 32, epochs: 2}], "
        "data: {train: [~/own], cache_dir: ~/faces, weights: {~/own: 2}}, training: {output_dir: ~/runs/x}}"
    )
    (tmp_path / "run.yaml").write_text(text)
    home = str(tmp_path)
    config = load_config(tmp_path / "run.yaml")
    assert (config.model.stem_weights, config.model.pretrained) == (f"{home}/stem.json", f"{home}/backbone")
    assert (config.data.train, config.data.cache_dir) == ([f"{home}/own"], f"{home}/faces")
    assert config.data.weights == {f"{home}/own": 2}
    assert config.folder == tmp_path / "runs" / "x"
    (tmp_path / "more.yaml").write_text(text.replace("~/backbone", "run.yaml"))
    chained = load_config(tmp_path / "more.yaml", ["training.output_dir=~/runs/y"])
    assert (chained.folder, chained.earlier.folder) == (tmp_path / "runs" / "y", tmp_path / "runs" / "y" / "run")
    assert load_config(tmp_path / "more.yaml", ["model.pretrained=~/run.yaml"]).earlier is not None
