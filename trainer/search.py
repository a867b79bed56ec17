"""`python -m trainer search SEARCH.yaml`: searches hyperparameters of a config with Optuna, through `Trainer`."""

# Without `from __future__ import annotations`: `strict` checks real types only, and passes over their names.
import argparse
import dataclasses
import importlib.util
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from huggingface_hub.dataclasses import strict
from transformers import TrainingArguments

from .errors import ConfigError, RunError
from .files import write_whole_text
from .sources.archives import digest
from .training.arguments import training_arguments
from .training.best_step import full_name
from .training.build_model import build_model
from .training.config import RunConfig
from .training.config_file import load_config
from .training.fine_tuning import choose_trained_weights
from .training.model_checks import as_sentence, one_line
from .training.prepare_trainer import prepare_trainer
from .training.run_folder import make_folder
from .training.settings import CheckedSection, read_section, refuse_unknown, settings_of, whole_number
from .training.typed_yaml import read_yaml

RESULT = "search.json"
STUDIES = "search.db"
"""Optuna's file of finished trials, by which a search goes on."""
DIVERGED = "diverged"

RANGE = ("low", "high", "log", "step")
FIXED = ("output_dir", "num_train_epochs", "save_strategy", "load_best_model_at_end", "push_to_hub")
FIXED += ("metric_for_best_model", "greater_is_better")
"""Arguments of a trial that follow from the search or from the config's stages."""


@strict
@dataclass(frozen=True, slots=True)
class SearchConfig(CheckedSection):
    """A search."""

    config: str = field(metadata={"help": "The run's config, from the folder of this file."})
    output_dir: str = field(metadata={"help": f"Folder of the trials, and of {RESULT} with what each found."})
    space: dict[str, Any] = field(
        metadata={
            "help": "Field of TrainingArguments -> {low: 1e-5, high: 1e-3, log: true} or {choices: [cosine, linear]}.",
            "wanted": "a mapping such as {learning_rate: {low: 1.0e-5, high: 1.0e-3, log: true}}",
        }
    )
    trials: int = field(default=20, metadata={"help": "Runs, one after the other.", **whole_number(1)})
    metric: str = field(default="age_mae", metadata={"help": "As `training.metric_for_best_model`."})
    seed: int = field(default=0, metadata={"help": "Of the sampler.", **whole_number(0)})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `search`."""
    parser.add_argument("search", type=Path, help="a YAML file such as trainer/configs/search.yaml")
    parser.add_argument("overrides", nargs="*", metavar="name.of.setting=value", help="of the run's config")


def main(args: argparse.Namespace) -> int:
    """Run the trials; says the best one's settings."""
    best = search(args.search, args.overrides)
    settings = " ".join(f"training.{name}={value}" for name, value in best["settings"].items())
    print(f"{best['metric']} {best['value']:.4g} with {settings}")
    return 0


def search(path: Path, overrides: list[str]) -> dict[str, Any]:
    """The best trial: its `settings`, its `metric` and the metric's `value`.

    Weights are not averaged in trials, and none of them saves a model. What the trials found so far is written after
    each evaluation. A search that was broken off, or that is given more trials, goes on after its finished ones.

    Raises:
        ConfigError: a config cannot be used, Optuna is not installed, or there are several processes.
        DataError: as for `train`.
        RunError: as for `train`, or all trials diverged.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError('a search needs a package: `pip install -e ".[train,optuna]"`')
    import optuna

    values = read_search(path)
    trial_settings = {
        "training.output_dir": values.output_dir,
        "training.save_strategy": "no",
        "training.load_best_model_at_end": False,
        "training.metric_for_best_model": values.metric,
        "training.push_to_hub": False,
        "early_stopping_patience": None,
        "ema_decay": 0,
    }
    given = [f"{name}={json.dumps(value)}" for name, value in trial_settings.items()]
    config = load_config(path.parent / values.config, [*overrides, *given])
    if config.earlier is not None:
        raise ConfigError(
            f"{values.config} begins with an earlier run, and a search with a finished model: train that run first, "
            "and name its folder in `model.pretrained`"
        )
    check_space(values.space, config)
    arguments = training_arguments(config)
    if arguments.world_size > 1:
        raise ConfigError("a search runs in one process: start it with `python -m trainer search`")
    _allow_fractions(arguments, values.space)
    transformers.set_seed(arguments.seed)
    make_folder(config.folder, "output_dir")
    trainer, _ = prepare_trainer(config, arguments)
    age_bias = trainer.model.age_head.bias.detach().clone()  # as the prior of the ages has it

    def fresh_model(trial: Any = None) -> transformers.PreTrainedModel:
        transformers.set_seed(arguments.seed)
        model = build_model(config.model, config.image_size)
        choose_trained_weights(model, config.model)
        with torch.no_grad():
            model.age_head.bias.copy_(age_bias)
        model.config.average_mirrored = False
        return model

    trainer.model_init, metric = fresh_model, full_name(values.metric)
    study = {
        "study_name": digest([config.to_dict(), values.space, values.metric, values.seed]),
        "storage": f"sqlite:///{(config.folder / STUDIES).absolute()}",
        "direction": "maximize" if arguments.greater_is_better else "minimize",
    }
    trials = optuna.create_study(**study, load_if_exists=True).trials
    # Optuna says of diverged trials and of those that were broken off that they failed.
    ended = [trial for trial in trials if trial.value is not None or DIVERGED in trial.user_attrs]
    found = [trial.params | {values.metric: trial.value} for trial in ended]
    result: dict[str, Any] = {"metric": values.metric, "trials": found}
    running: dict[str, Any] = {}

    def draw(trial: Any) -> dict[str, Any]:
        settings = {name: drawn(trial, name, limits) for name, limits in values.space.items()}
        found.append(dict(settings))
        running["trial"] = trial
        return settings

    def objective(metrics: Mapping[str, float]) -> float:
        value = metrics[metric]
        if not math.isfinite(value):
            running["trial"].set_user_attr(DIVERGED, True)
        found[-1][values.metric] = value if math.isfinite(value) else None
        write_whole_text(config.folder / RESULT, json.dumps(result, indent=1, default=str) + "\n")
        return value

    try:
        best = trainer.hyperparameter_search(
            hp_space=draw,
            compute_objective=objective,
            n_trials=max(0, values.trials - len(found)),
            backend="optuna",
            sampler=optuna.samplers.TPESampler(seed=values.seed + len(found)),  # one seed draws the same again
            load_if_exists=True,
            **study,
        )
    except ValueError as error:  # Optuna's, where no trial ended with a number
        if any(trial.get(values.metric, math.nan) is not None for trial in found):
            raise
        raise RunError(f"no trial ended with a number as its {values.metric}: try lower learning rates") from error
    result |= {"value": best.objective, "settings": best.hyperparameters}
    write_whole_text(config.folder / RESULT, json.dumps(result, indent=1, default=str) + "\n")
    return result


def read_search(path: Path) -> SearchConfig:
    """The search of a YAML file.

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown, missing or of the wrong type.
    """
    try:
        values = read_yaml(path.read_text(encoding="utf-8"), SearchConfig)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the search {path}: {one_line(error)}") from error
    read = read_section(SearchConfig, "", values)
    if not read.space:
        raise ConfigError("`space` names no setting to search")
    refuse_unknown("space", read.space, settings_of(TrainingArguments), "the fields of TrainingArguments")
    for name, limits in read.space.items():
        if name in FIXED:
            raise ConfigError(f"`space.{name}` is not to be searched: it follows from the search or from `stages`")
        if not _is_range_or_choices(limits):
            raise ConfigError(f"`space.{name}` is {limits!r}; {{low: …, high: …}} or {{choices: […]}} is wanted")
        refuse_unknown(f"space.{name}", limits, (*RANGE, "choices"))
    return read


def _is_range_or_choices(limits: Any) -> bool:
    if not isinstance(limits, Mapping):
        return False
    choices = limits.get("choices")
    return ({"low", "high"} <= limits.keys()) != (isinstance(choices, list) and bool(choices))


def check_space(space: Mapping[str, Mapping[str, Any]], config: RunConfig) -> None:
    """Refuse ranges that Optuna cannot draw from, and settings that a run of the config cannot use.

    Raises:
        ConfigError: with the setting's name.
    """
    from optuna.trial import FixedTrial

    for name, limits in space.items():
        ends = limits.get("choices") or (limits["low"], limits["high"])
        for value in ends:
            training_arguments(dataclasses.replace(config, training=config.training | {name: value}))
        drawn(FixedTrial({name: ends[0]}), name, limits)


def _allow_fractions(arguments: TrainingArguments, space: Mapping[str, Mapping[str, Any]]) -> None:
    """Make whole numbers floats where fractions are drawn: `Trainer` casts a draw to the type of the current value."""
    for name, limits in space.items():
        current = getattr(arguments, name)
        if type(current) is int and any(type(value) is float for value in limits.get("choices") or limits.values()):
            setattr(arguments, name, float(current))


def drawn(trial: Any, name: str, limits: Mapping[str, Any]) -> Any:
    """The value of a setting that an Optuna trial draws.

    Raises:
        ConfigError: Optuna cannot draw from these limits.
    """
    with as_sentence(f"space.{name}"):
        if "choices" in limits:
            return trial.suggest_categorical(name, limits["choices"])
        whole = type(limits["low"]) is int and type(limits["high"]) is int
        return (trial.suggest_int if whole else trial.suggest_float)(name, **limits)
