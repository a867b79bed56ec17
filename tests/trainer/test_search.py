"""`trainer search`: a few trials over a tiny run, and what cannot be searched."""

import json

import pytest
import yaml

from tests.conftest import REPOSITORY, TINY
from trainer.__main__ import main
from trainer.errors import ConfigError
from trainer.search import read_search
from trainer.training.config_file import load_config

optuna = pytest.importorskip("optuna")


@pytest.fixture
def files(tiny_data, tmp_path):
    """Writes both configs, with changes of the search; returns the path of the search."""

    def write(**changes):
        run = {
            "model": {"config": TINY},
            "data": {"train": [str(tiny_data)], "limit": 16},
            "stages": [{"image_size": 32, "epochs": 1}],
            "ema_decay": 0.9,
            "training": {
                "output_dir": "never",
                "per_device_train_batch_size": 8,
                "use_cpu": True,
                "disable_tqdm": True,
                "load_best_model_at_end": True,
                "eval_strategy": "epoch",
            },
        }
        search = {
            "config": "run.yaml",
            "output_dir": str(tmp_path / "trials"),
            "trials": 3,
            "space": {
                "learning_rate": {"low": 1e-5, "high": 1e-1, "log": True},
                "gradient_accumulation_steps": {"low": 1, "high": 2},
                "lr_scheduler_type": {"choices": ["linear", "cosine"]},
            },
        } | changes
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
        (tmp_path / "search.yaml").write_text(yaml.safe_dump(search))
        return tmp_path / "search.yaml"

    return write


def test_the_best_of_the_trials_is_told(files, tmp_path, capsys):
    assert main(["search", str(files()), "training.seed=5"]) == 0
    found = json.loads((tmp_path / "trials" / "search.json").read_text())
    assert len(found["trials"]) == 3
    assert len({trial["learning_rate"] for trial in found["trials"]}) == 3
    assert found["value"] == min(trial["age_mae"] for trial in found["trials"])
    best = next(trial for trial in found["trials"] if trial["age_mae"] == found["value"])
    assert best["learning_rate"] == pytest.approx(found["settings"]["learning_rate"])
    assert {trial["gradient_accumulation_steps"] for trial in found["trials"]} <= {1, 2}
    said = capsys.readouterr().out
    assert f"age_mae {found['value']:.4g} with training." in said
    assert f" training.learning_rate={found['settings']['learning_rate']}" in said
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"space": {}}, "`space` names no setting"),
        ({"space": {"learning_rat": {"low": 1, "high": 2}}}, "did you mean `space.learning_rate`"),
        ({"space": {"learning_rate": [1, 2]}}, r"{low: …, high: …} or {choices: \[…\]} is wanted"),
        ({"space": {"learning_rate": {"low": 1, "high": 2, "lag": True}}}, "did you mean `space.learning_rate.log`"),
        ({"trials": 0}, "`trials` is 0; a whole number from 1"),
        ({"conf": "x"}, "did you mean `config`"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(files, changes, said):
    with pytest.raises(ConfigError, match=said):
        read_search(files(**changes))


def test_the_example_searches_a_config_that_ships():
    path = REPOSITORY / "trainer" / "configs" / "search.yaml"
    assert load_config(path.parent / read_search(path).config).model.pretrained
