"""What the network and Trainer cannot make of their settings: a sentence, where both raise errors of many kinds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers import Trainer

from ..errors import ConfigError, RunError
from .settings import SettingError

COUNTS = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "patch_size")
BELOW_ONE = ("hidden_dropout_prob", "attention_probs_dropout_prob", "drop_path_rate")
UP_TO_ONE = ("gender_label_smoothing", "age_prior_power")
LEVELS = ("gender_certain_level", "age_interval_level")
NOT_NEGATIVE = ("gender_loss_weight", "age_expectation_weight")

UNUSABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    ImportError,
    OSError,
    RuntimeError,
    AssertionError,
)
"""Errors of transformers, accelerate and torch for settings that they cannot use."""


@contextmanager
def as_sentence(section: str) -> Iterator[None]:
    """Turns the errors of settings into a `ConfigError`; around what makes something of them, not around training.

    Raises:
        ConfigError: a setting of `section` cannot be used.
    """
    try:
        yield
    except UNUSABLE as error:
        raise ConfigError(f"`{section}` cannot be used: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    """The message of an error without line breaks, with the kind of those that have a name only."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text}" if isinstance(error, LookupError) else text or type(error).__name__


def check_model_config(values: dict[str, Any]) -> None:
    """Refuse fields of `model.config` that are out of range.

    Raises:
        SettingError: with the field's name.
    """
    for name, value in values.items():
        wanted = None
        if name in COUNTS and not (type(value) is int and value >= 1):
            wanted = "a whole number from 1"
        elif name == "num_channels" and value != 3:
            wanted = "3, as faces are RGB,"
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        elif not math.isfinite(value):
            wanted = "a finite number"
        elif name in BELOW_ONE and not 0 <= value < 1:
            wanted = "a number from 0 to below 1"
        elif name in LEVELS and not 0 < value < 1:
            wanted = "a number between 0 and 1"
        elif name in UP_TO_ONE and not 0 <= value <= 1:
            wanted = "a number from 0 to 1"
        elif name in NOT_NEGATIVE and value < 0:
            wanted = "a number from 0"
        elif name == "age_label_sigma" and value <= 0:
            wanted = "a number above 0"
        if wanted:
            raise SettingError(f"model.config.{name}", value, wanted)


def check_trainer(trainer: Trainer) -> None:
    """Let Trainer make its loader, optimizer and scheduler once, before the training stumbles over them.

    Raises:
        ConfigError: it cannot.
    """
    if trainer.args.torch_compile_mode is not None:
        modes = list(torch._inductor.list_mode_options())
        if trainer.args.torch_compile_mode not in modes:
            raise SettingError("training.torch_compile_mode", trainer.args.torch_compile_mode, f"one of {modes}")
    if trainer.args.fsdp and not trainer.is_fsdp_enabled:
        # accelerate would train on several CPUs, or on one GPU, and divide nothing.
        raise ConfigError("`training.fsdp` divides the weights among several GPUs, a process each: leave it out here")
    averaging = "`ema_decay`" if trainer.average else "`start_share`" if trainer.run_config.start_share else None
    if averaging and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
        raise ConfigError(f"{averaging} averages whole weights, and FSDP and DeepSpeed divide them: set it to 0")
    if trainer.run_config.age_temperature != 1 and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
        raise ConfigError("`age_temperature` changes whole weights, and FSDP and DeepSpeed divide them: leave it at 1")
    if trainer.args.gradient_checkpointing:
        _check_checkpointing(trainer)
    with as_sentence("training"), torch.random.fork_rng(devices=[]):
        trainer.get_train_dataloader()
        # Sharded and DeepSpeed runs make these of a model that is wrapped first.
        if not (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
            trainer.create_optimizer_and_scheduler(num_training_steps=1)
            trainer.optimizer = trainer.lr_scheduler = None


def _check_checkpointing(trainer: Trainer) -> None:
    if not trainer.model.supports_gradient_checkpointing:
        raise ConfigError(f"`training.gradient_checkpointing`: {trainer.model.family.title} has none in transformers")
    name = "training.gradient_checkpointing_kwargs"
    # transformers takes two of them for itself.
    others = dict(trainer.args.gradient_checkpointing_kwargs or {})
    every, _ = others.pop("every_n_layers", 1), others.pop("offload", False)
    if type(every) is not int or every < 1:
        raise SettingError(f"{name}.every_n_layers", every, "a whole number from 1")
    with as_sentence(name):
        checkpoint(torch.sin, torch.zeros(1, requires_grad=True), **others or {"use_reentrant": False})


def check_batch_norm(model: nn.Module, smallest_size: int, faces_in_last_batch: int) -> None:
    """Refuse a batch in which batch norm has a single value per channel.

    Raises:
        ConfigError: the last batch of an epoch is one.
    """
    if faces_in_last_batch > 1 or not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        return
    buffers = {name: tensor.clone() for name, tensor in model.named_buffers()}
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            model.train()(torch.zeros(1, 3, smallest_size, smallest_size))
    except ValueError as error:
        raise ConfigError(
            "the last batch of an epoch has one face of one patch, too little for batch norm: set "
            "`training.dataloader_drop_last` to true, or another `training.per_device_train_batch_size`"
        ) from error
    finally:
        for name, tensor in model.named_buffers():
            tensor.copy_(buffers[name])


def check_finite(model: nn.Module) -> None:
    """Refuse to finish a model that gives no numbers.

    Raises:
        RunError: its weights are infinite or not a number.
    """
    if not all(weights.isfinite().all() for weights in model.parameters()):
        raise RunError(
            "the training diverged: the model's weights are no finite numbers; start it again in another "
            "training.output_dir, with a lower training.learning_rate"
        )
