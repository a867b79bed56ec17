"""`python -m trainer search SEARCH.yaml`: searches hyperparameters of a config with Optuna, through `Trainer`."""

# Without `from __future__ import annotations`: `strict` checks real types only, and passes over their names.
import argparse
import dataclasses
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import transformers
import yaml
from huggingface_hub.dataclasses import strict
from transformers import TrainingArguments

from .errors import ConfigError
from .files import write_whole_text
from .training.arguments import training_arguments
from .training.best_step import greater_is_better
from .training.build_model import build_model
from .training.config_file import load_config
from .training.fine_tuning import choose_trained_weights
from .training.model_checks import as_sentence, one_line
from .training.prepare_trainer import prepare_trainer
from .training.run_folder import make_folder
from .training.settings import CheckedSection, read_section, refuse_unknown, settings_of, whole_number

RESULT = "search.json"
RANGE = ("low", "high", "log", "step")


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

    Weights are not averaged in trials, and none of them saves a model.

    Raises:
        ConfigError: a config cannot be used, or Optuna is not installed.
        DataError, RunError: as for `train`.
    """
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError('a search needs a package: `pip install -e ".[train,optuna]"`')
    from optuna.samplers import TPESampler

    values = read_search(path)
    trial_settings = (f"training.output_dir={values.output_dir}", "training.save_strategy=no", "ema_decay=0")
    config = load_config(path.parent / values.config, [*overrides, *trial_settings])
    config = dataclasses.replace(config, early_stopping_patience=None)
    config.training.pop("load_best_model_at_end", None)
    arguments = training_arguments(config)
    transformers.set_seed(arguments.seed)
    make_folder(config.folder, "output_dir")
    trainer, _ = prepare_trainer(config, arguments)

    def fresh_model(trial: Any = None) -> transformers.PreTrainedModel:
        transformers.set_seed(arguments.seed)
        model = build_model(config.model, config.image_size)
        choose_trained_weights(model, config.model)
        model.config.average_mirrored = False
        return model

    trainer.model_init, metric = fresh_model, f"eval_{values.metric}"
    found: list[dict[str, Any]] = []

    def objective(metrics: Mapping[str, float]) -> float:
        if metric not in metrics:
            raise ConfigError(f"`metric` is {values.metric!r}; there are {', '.join(sorted(metrics))}")
        found.append({name: getattr(arguments, name) for name in values.space} | {values.metric: metrics[metric]})
        return metrics[metric]

    best = trainer.hyperparameter_search(
        hp_space=space_of(values.space),
        compute_objective=objective,
        n_trials=values.trials,
        direction="maximize" if greater_is_better(values.metric) else "minimize",
        backend="optuna",
        sampler=TPESampler(seed=values.seed),
    )
    result = {"metric": values.metric, "value": best.objective, "settings": best.hyperparameters, "trials": found}
    write_whole_text(config.folder / RESULT, json.dumps(result, indent=1, default=str) + "\n")
    return result


def read_search(path: Path) -> SearchConfig:
    """The search of a YAML file.

    Raises:
        ConfigError: the file cannot be read, or a setting is unknown, missing or of the wrong type.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the search {path}: {one_line(error)}") from error
    read = read_section(SearchConfig, "", values)
    if not read.space:
        raise ConfigError("`space` names no setting to search")
    refuse_unknown("space", read.space, settings_of(TrainingArguments), "the fields of TrainingArguments")
    for name, limits in read.space.items():
        if not isinstance(limits, Mapping) or not ({"low", "high"} <= limits.keys() or "choices" in limits):
            raise ConfigError(f"`space.{name}` is {limits!r}; {{low: …, high: …}} or {{choices: […]}} is wanted")
        refuse_unknown(f"space.{name}", limits, (*RANGE, "choices"))
    return read


def space_of(space: Mapping[str, Mapping[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """The space as a function of an Optuna trial, which draws the settings."""

    def draw(trial: Any) -> dict[str, Any]:
        return {name: _drawn(trial, name, limits) for name, limits in space.items()}

    return draw


def _drawn(trial: Any, name: str, limits: Mapping[str, Any]) -> Any:
    with as_sentence(f"space.{name}"):
        if "choices" in limits:
            return trial.suggest_categorical(name, limits["choices"])
        whole = type(limits["low"]) is int and type(limits["high"]) is int
        return (trial.suggest_int if whole else trial.suggest_float)(name, **limits)
