"""`transformers.TrainingArguments` of a run."""

from __future__ import annotations

from typing import Any

import torch
from transformers import TrainingArguments
from transformers.trainer_utils import IntervalStrategy, SaveStrategy

from ..errors import ConfigError
from .argument_checks import BELOW_ONE, check_arguments
from .best_step import greater_is_better
from .config import RunConfig
from .gender_age_trainer import LABEL_NAMES
from .model_checks import as_sentence

DEFAULTS: dict[str, Any] = {"label_names": LABEL_NAMES, "remove_unused_columns": False}
"""Where a run's defaults differ from those of `TrainingArguments`. `num_train_epochs` follows from the stages."""


def training_arguments(config: RunConfig) -> TrainingArguments:
    """The Trainer's arguments: `config.training` over `DEFAULTS`.

    Raises:
        ConfigError: `config.training` has an argument that is unknown, of the wrong type, or that a run cannot use.
    """
    values = {
        **DEFAULTS,
        # Elsewhere it does nothing, and torch says so at every evaluation.
        "dataloader_pin_memory": torch.cuda.is_available() and not config.training.get("use_cpu"),
        "num_train_epochs": config.epochs,
        **config.training,
        "output_dir": str(config.folder),
    }
    check_arguments(config.training, DEFAULTS)
    # torch refuses a whole number beside a fraction.
    values |= {name: float(values[name]) for name in BELOW_ONE if name in values}
    if values.get("hub_token"):
        raise ConfigError(
            "`training.hub_token` would be kept in the run's records: set HF_TOKEN or run `hf auth login`"
        )
    if values.get("hub_strategy", "every_save") not in ("every_save", "end"):
        raise ConfigError("`training.hub_strategy` is every_save or end: checkpoints are not pushed, they hold pickles")
    if str(values.get("fsdp")).lower() == "true":
        # transformers calls it text, and wants true.
        values["fsdp"] = True
    metric = values.get("metric_for_best_model")
    if isinstance(metric, str) and values.get("greater_is_better") is None:
        values["greater_is_better"] = greater_is_better(metric)
    load_best = values.pop("load_best_model_at_end", False)
    if load_best or config.early_stopping_patience or values.get("save_strategy") == SaveStrategy.BEST:
        _compare_steps(values, load_best)
    with as_sentence("training"):
        arguments = TrainingArguments(**values)
    # After the checks of `TrainingArguments`, which asks for a save at every evaluation: a run saves each best step.
    arguments.load_best_model_at_end = load_best
    return arguments


def _compare_steps(values: dict[str, Any], load_best: bool) -> None:
    """The arguments of a run that looks for its best step: complete, or refused."""
    purpose = "`training.load_best_model_at_end`" if load_best else "the best step or `early_stopping_patience`"
    if values.get("eval_strategy", "no") == IntervalStrategy.NO:
        raise ConfigError(f"{purpose} compares evaluations: set `training.eval_strategy` to epoch or steps")
    if load_best and values.get("save_strategy") == SaveStrategy.NO:
        raise ConfigError(f"{purpose} goes back to a checkpoint: `training.save_strategy: no` writes none")
    if values.get("metric_for_best_model") is None:
        values["metric_for_best_model"] = "loss"
