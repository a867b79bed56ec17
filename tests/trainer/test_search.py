"""`trainer search`: a few trials over a tiny run, and what cannot be searched."""

import json

import pytest
import torch
import yaml
from transformers import TrainerCallback, TrainingArguments

from gender_age.modeling_gender_age import GenderAgeModel
from tests.conftest import REPOSITORY, TINY
from trainer.__main__ import main
from trainer.errors import ConfigError, RunError
from trainer.search import read_search, search
from trainer.training.config_file import load_config
from trainer.training.prepare_trainer import prepare_trainer

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
            "trials": 2,
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
    assert len(found["trials"]) == 2
    assert len({trial["learning_rate"] for trial in found["trials"]}) == 2
    assert found["value"] == min(trial["age_mae"] for trial in found["trials"])
    best = next(trial for trial in found["trials"] if trial["age_mae"] == found["value"])
    assert best["learning_rate"] == pytest.approx(found["settings"]["learning_rate"])
    assert {trial["gradient_accumulation_steps"] for trial in found["trials"]} <= {1, 2}
    said = capsys.readouterr().out
    assert f"age_mae {found['value']:.4g} with training." in said
    assert f" training.learning_rate={found['settings']['learning_rate']}" in said
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_trial_is_one_entry_however_often_it_is_evaluated(files, tmp_path):
    """The metric may have its prefix, and an exponent needs no point."""
    path = files(metric="eval_loss", space={})
    space = "space: {learning_rate: {low: 1e-5, high: 1e-4, log: true}}"
    path.write_text(path.read_text().replace("space: {}", space))
    search(path, ["training.eval_strategy=steps", "training.eval_steps=1"])
    found = json.loads((tmp_path / "trials" / "search.json").read_text())
    assert len(found["trials"]) == 2
    assert found["value"] == min(trial["eval_loss"] for trial in found["trials"])


def test_trials_train_with_the_settings_that_are_told(files, tmp_path, monkeypatch):
    """transformers makes a draw what the run's own setting is: a whole number, where that is 0."""
    space = {"warmup_steps": {"low": 0.0, "high": 0.2}, "weight_decay": {"choices": [0.1, 0.3]}}
    trained = []

    class Recorder(TrainerCallback):
        def on_train_begin(self, args, state, control, **more):
            trained.append({name: getattr(args, name) for name in space})

    def prepared(*arguments):
        trainer, checkpoint = prepare_trainer(*arguments)
        trainer.add_callback(Recorder)
        return trainer, checkpoint

    monkeypatch.setattr("trainer.search.prepare_trainer", prepared)
    best = search(files(space=space), ["training.warmup_steps=0", "training.weight_decay=0"])
    found = json.loads((tmp_path / "trials" / "search.json").read_text())["trials"]
    assert trained == [{name: trial[name] for name in space} for trial in found]
    assert all(0 < value < 1 for settings in trained for value in settings.values())
    assert best["settings"] in trained


def test_a_search_that_was_broken_off_goes_on(files, tmp_path, monkeypatch):
    path, started = files(trials=3), []

    class Killer(TrainerCallback):
        def on_train_begin(self, args, state, control, **more):
            started.append(args.learning_rate)
            if len(started) == 2:
                raise KeyboardInterrupt

    def prepared(*arguments):
        trainer, checkpoint = prepare_trainer(*arguments)
        trainer.add_callback(Killer)
        return trainer, checkpoint

    monkeypatch.setattr("trainer.search.prepare_trainer", prepared)
    with pytest.raises(KeyboardInterrupt):
        search(path, [])
    (first,) = json.loads((tmp_path / "trials" / "search.json").read_text())["trials"]
    best = search(path, [])
    assert best["trials"][0] == first
    assert [trial["learning_rate"] for trial in best["trials"]] == [started[0], *started[2:]]
    assert len(set(started)) == len(started) == 4
    assert best["value"] == min(trial["age_mae"] for trial in best["trials"])
    assert search(path, []) == best
    assert len(started) == 4, "a finished search is told again"


def test_trials_that_diverge_are_a_sentence(files, tmp_path):
    space = {"learning_rate": {"low": 1e30, "high": 1e31}}
    with pytest.raises(RunError, match="no trial ended with a number as its age_mae: try lower learning rates"):
        search(files(space=space, trials=1), ["training.max_grad_norm=0"])
    assert [trial["age_mae"] for trial in json.loads((tmp_path / "trials" / "search.json").read_text())["trials"]] == [
        None
    ]
    with pytest.raises(RunError, match="no trial ended with a number"):
        search(files(space=space, trials=1), ["training.max_grad_norm=0"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"space": {"learning_rate": {"low": 0.0, "high": 0.1, "log": True}}}, "`space.learning_rate` cannot be used"),
        ({"space": {"learning_rate": {"low": 1.0, "high": 0.1}}}, "`low <= high` must hold"),
        ({"space": {"per_device_train_batch_size": {"low": 0, "high": 8}}}, "is 0; a number from 1 is wanted"),
        ({"space": {"optim": {"choices": ["nope"]}}}, "nope is not a valid OptimizerNames"),
        ({"space": {"label_smoothing_factor": {"low": 0.0, "high": 0.1}}}, "has no use here: the smoothing of"),
        ({"metric": "age_ma"}, "is 'age_ma'; this run has loss, age_mae"),
        ({"metric": "age_bias"}, "best neither high nor low"),
    ],
)
def test_what_no_trial_can_use_is_a_sentence_before_the_first(files, changes, said):
    with pytest.raises(ConfigError, match=said):
        search(files(**changes), [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"space": {}}, "`space` names no setting"),
        ({"space": {"learning_rat": {"low": 1, "high": 2}}}, "did you mean `space.learning_rate`"),
        ({"space": {"learning_rate": [1, 2]}}, r"{low: …, high: …} or {choices: \[…\]} is wanted"),
        ({"space": {"learning_rate": {"low": 1, "high": 2, "lag": True}}}, "did you mean `space.learning_rate.log`"),
        ({"space": {"optim": {"choices": []}}}, r"{low: …, high: …} or {choices: \[…\]} is wanted"),
        ({"space": {"learning_rate": {"low": 1, "high": 2, "choices": [1]}}}, r"or {choices: \[…\]} is wanted"),
        ({"space": {"num_train_epochs": {"low": 1, "high": 2}}}, "`space.num_train_epochs` is not to be searched"),
        ({"trials": 0}, "`trials` is 0; a whole number from 1"),
        ({"conf": "x"}, "did you mean `config`"),
    ],
)
def test_what_cannot_be_searched_is_a_sentence(files, changes, said):
    with pytest.raises(ConfigError, match=said):
        read_search(files(**changes))


def test_a_config_that_begins_with_another_run_is_a_sentence(files, tmp_path):
    path = files()
    (tmp_path / "first.yaml").write_text((tmp_path / "run.yaml").read_text())
    run = yaml.safe_load((tmp_path / "run.yaml").read_text())
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run | {"model": {"pretrained": "first.yaml"}}))
    with pytest.raises(ConfigError, match="begins with an earlier run"):
        search(path, [])


def test_a_search_in_several_processes_is_a_sentence(files, tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingArguments, "world_size", 2)  # as torchrun sets it
    with pytest.raises(ConfigError, match="one process: start it with `python -m trainer search`"):
        search(files(), [])
    assert not (tmp_path / "trials").exists()


def test_trials_begin_with_the_prior_left_out(files, tiny_model_folder, tmp_path, monkeypatch):
    path, heads = files(trials=1), []
    run = yaml.safe_load((tmp_path / "run.yaml").read_text())
    run["model"] = {"pretrained": str(tiny_model_folder), "config": {"age_prior_power": 0.5}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))

    def prepared(*arguments):
        trainer, checkpoint = prepare_trainer(*arguments)
        heads.append(trainer.model.age_head.bias.detach().clone())
        monkeypatch.setattr(trainer, "hyperparameter_search", lambda **options: end(trainer.model_init()))
        return trainer, checkpoint

    def end(model):
        heads.append(model.age_head.bias.detach())
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.search.prepare_trainer", prepared)
    with pytest.raises(KeyboardInterrupt):
        search(path, [])
    start = GenderAgeModel.from_pretrained(tiny_model_folder).age_head.bias
    assert (heads[0] - start).abs().max() > 0.1
    assert torch.equal(heads[0], heads[1])


def test_the_example_searches_a_config_that_ships():
    path = REPOSITORY / "trainer" / "configs" / "search.yaml"
    assert load_config(path.parent / read_search(path).config).model.pretrained
