"""`transformers.TrainingArguments` of a run."""

from __future__ import annotations

import dataclasses
from typing import Any

from transformers import TrainingArguments

from ..errors import ConfigError
from .config import RunConfig
from .gender_age_trainer import LABEL_NAMES

DEFAULTS: dict[str, Any] = {"label_names": LABEL_NAMES, "remove_unused_columns": False}
"""Where a run's defaults differ from those of `TrainingArguments`. `num_train_epochs` follows from the stages."""


def training_arguments(config: RunConfig) -> TrainingArguments:
    """The Trainer's arguments: `config.training` over `DEFAULTS`.

    Raises:
        ConfigError: `config.training` has an argument that is unknown, of the wrong type, or that a run cannot use.
    """
    values = {
        **DEFAULTS,
        "num_train_epochs": config.epochs,
        **config.training,
        "output_dir": str(config.folder),
    }
    if values.get("save_total_limit") == 1:
        raise ConfigError("`training.save_total_limit` must be at least 2: a kill inside a save leaves the one before")
    if values.get("hub_token"):
        raise ConfigError(
            "`training.hub_token` would be kept in the run's records: set HF_TOKEN or run `hf auth login`"
        )
    if values.get("hub_revision"):
        raise ConfigError("`training.hub_revision` has no use here: a run is pushed to its repository's main branch")
    if values.get("hub_strategy", "every_save") not in ("every_save", "end"):
        raise ConfigError("`training.hub_strategy` is every_save or end: checkpoints are not pushed, they hold pickles")
    for field in dataclasses.fields(TrainingArguments):
        # TrainingArguments takes text for a number, and the optimizer stumbles over it after the data is loaded.
        if type(field.default) in (int, float) and isinstance(values.get(field.name), str):
            raise ConfigError(f"`training.{field.name}` is {values[field.name]!r}; a number is wanted")
    try:
        return TrainingArguments(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"`training` cannot be used: {error}") from error
