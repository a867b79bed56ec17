"""What a run cannot use of transformers' `TrainingArguments`: a sentence before anything is loaded.

`TrainingArguments` takes text for a number and most numbers for any, and the training stumbles later, or ignores them.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import types
import typing
from typing import Any

from transformers import TrainingArguments
from transformers.integrations import INTEGRATION_TO_CALLBACK, get_available_reporting_integrations
from transformers.integrations.deepspeed import is_deepspeed_available
from transformers.utils import is_torch_xla_available

from ..errors import ConfigError
from .settings import WANTED, SettingError, members

LARGEST_SEED = 2**32 - 1  # numpy's

RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("per_device_train_batch_size", "per_device_eval_batch_size"), (1, math.inf)),
    **dict.fromkeys(("gradient_accumulation_steps", "eval_accumulation_steps"), (1, math.inf)),
    **dict.fromkeys(("dataloader_prefetch_factor", "torch_empty_cache_steps"), (1, math.inf)),
    **dict.fromkeys(("learning_rate", "weight_decay", "warmup_steps", "max_grad_norm", "eval_delay"), (0, math.inf)),
    **dict.fromkeys(("adam_epsilon", "dataloader_num_workers", "ddp_timeout"), (0, math.inf)),
    "seed": (0, LARGEST_SEED),
}
BELOW_ONE = ("adam_beta1", "adam_beta2")
MAPPINGS = ("activation_checkpointing_kwargs", "gradient_checkpointing_kwargs", "lr_scheduler_kwargs")
"""They may be JSON as text, too, for a command line; transformers keeps any other text as it is."""
INTERVALS = ("logging_steps", "eval_steps", "save_steps")

WITHOUT_USE = {
    "label_smoothing_factor": "the smoothing of the gender is `model.config.gender_label_smoothing`",
    "label_names": "the labels are gender, age_min and age_max",
    "remove_unused_columns": "a run reads what it needs",
    "prediction_loss_only": "the metrics and the calibration need predictions",
    "batch_eval_metrics": "the metrics are over all faces of a data set",
    "eval_do_concat_batches": "the metrics are over all faces of a data set",
    "include_for_metrics": "the metrics need predictions and labels only",
    "train_sampling_strategy": "the sampling is `data.age_balance`",
    "data_seed": "order and augmentation follow from `training.seed`",
    "neftune_noise_alpha": "it is for language models",
    "use_liger_kernel": "it is for language models",
    "auto_find_batch_size": "set `training.per_device_train_batch_size`",
    "save_only_model": "a run could not be continued from such a checkpoint",
    # transformers 5 writes weights in the first of all processes only; no issue found.
    "save_on_each_node": "`training.output_dir` is one folder for all machines",
    "ignore_data_skip": "a continued run would see other faces than an unbroken one",
    "restore_callback_states_from_checkpoint": "a continued run restores what it needs",
    "resume_from_checkpoint": "a run continues from its newest complete checkpoint by itself",
    "hub_revision": "a run is pushed to its repository's main branch",
    "do_train": "`python -m trainer train` trains and evaluates",
    "do_eval": "`training.eval_strategy` says when a run is evaluated",
    "do_predict": "`python -m trainer evaluate` is the command for it",
}
EXTRAS = ("tensorboard", "trackio", "wandb")


def check_arguments(values: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Refuse arguments of the wrong type, out of range or without use.

    Args:
        values: a run's arguments, by name.
        defaults: those that the run sets itself.

    Raises:
        ConfigError: with the argument's name, its value and what is wanted.
    """
    hints = typing.get_type_hints(TrainingArguments)
    for field in dataclasses.fields(TrainingArguments):
        name = field.name
        if name not in values:
            continue
        value = values[name]
        _check_type(name, value, hints[name])
        if name in MAPPINGS and isinstance(value, str) and not value.startswith("{"):
            raise SettingError(f"training.{name}", value, WANTED[dict])
        if name in WITHOUT_USE and value != defaults.get(name, field.default):
            raise ConfigError(f"`training.{name}` has no use here: {WITHOUT_USE[name]}")
        _check_range(name, value)
    _check_reports(values.get("report_to") or "none")
    if "tpu_metrics_debug" in (values.get("debug") or ()) and not is_torch_xla_available():
        raise ConfigError("`training.debug: tpu_metrics_debug` needs a TPU and `torch_xla`")
    if values.get("deepspeed") and not is_deepspeed_available():
        raise ConfigError("`training.deepspeed` needs a package that is not installed: `pip install deepspeed`")


def _check_type(name: str, value: Any, hint: Any) -> None:
    kinds = [typing.get_origin(kind) or kind for kind in members(hint)]
    if not all(isinstance(kind, type) for kind in kinds):
        return
    accepted = [*kinds, *([int] if float in kinds else [])]
    if any(type(value) is kind or (kind is not int and isinstance(value, kind)) for kind in accepted):
        return
    texts = any(kind is str or issubclass(kind, enum.Enum) for kind in kinds)
    kind = next((kind for kind in kinds if kind in WANTED and kind is not types.NoneType), str if texts else object)
    raise SettingError(f"training.{name}", value, WANTED.get(kind, "another value"))


def _check_range(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, high = RANGES.get(name, (-math.inf, math.inf))
    wanted = None
    if not math.isfinite(value):
        wanted = "a finite number"
    elif name in BELOW_ONE and not 0 <= value < 1:
        wanted = "a number from 0 to below 1"
    elif name in INTERVALS and (value <= 0 or (value > 1 and value != int(value))):
        wanted = "a whole number of steps from 1, or a share of all steps between 0 and 1,"
    elif name == "max_steps" and not (value >= 1 or value == -1):
        wanted = "a whole number of steps from 1, or -1 for the epochs of `stages`,"
    elif name == "save_total_limit" and value < 2:
        raise ConfigError("`training.save_total_limit` must be at least 2: a kill inside a save leaves the one before")
    elif not low <= value <= high:
        wanted = f"a number from {low}" + (f" to {high}" if math.isfinite(high) else "")
    if wanted:
        raise SettingError(f"training.{name}", value, wanted)


def _check_reports(report_to: str | list[str]) -> None:
    for name in [report_to] if isinstance(report_to, str) else report_to:
        if name in ("none", "all"):
            continue
        if name not in INTEGRATION_TO_CALLBACK:
            raise ConfigError(f"`training.report_to` is {name!r}; there are none, {', '.join(INTEGRATION_TO_CALLBACK)}")
        if name not in get_available_reporting_integrations():
            install = f'pip install -e ".[train,{name}]"' if name in EXTRAS else f"pip install {name}"
            raise ConfigError(f"`training.report_to: {name}` needs a package that is not installed: `{install}`")
