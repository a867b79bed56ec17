"""Which weights of a backbone a run trains, and how fast: freezing, layer-wise learning rates, LoRA."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from gender_age.backbones import parameter_depths
from gender_age.modeling_gender_age import GenderAgeModel

from ..errors import ConfigError
from .config import ModelSection
from .model_checks import as_sentence
from .settings import SettingError

ADAPTED_FILE = "adapted.safetensors"
"""In a checkpoint of a run with LoRA: all weights under the names of the adapted network."""


def choose_trained_weights(model: GenderAgeModel, section: ModelSection) -> None:
    """Freeze what `model.freeze` says, and put in the adapters of `model.lora`; the heads always train.

    Raises:
        ConfigError: there are not so many layers, both are set, or the adapters cannot be put in.
    """
    if section.freeze is not None and section.lora:
        raise ConfigError("`model.lora` freezes the backbone itself: leave `model.freeze` out")
    if section.freeze is not None:
        _freeze(model, section.freeze)
    if section.freeze_stem:
        _freeze_stem(model, section.freeze_stem)
    if section.lora:
        _adapt(model, section.lora)


def _freeze(model: GenderAgeModel, freeze: int | str) -> None:
    """The whole backbone, or what is before its layers and the first of these."""
    depths, last = parameter_depths(model.backbone, model.family)
    if freeze != "all" and not (type(freeze) is int and 1 <= freeze < last):
        raise SettingError("model.freeze", freeze, f"all, or a number of the backbone's layers from 1 to {last - 1},")
    for name, parameter in model.backbone.named_parameters():
        parameter.requires_grad_(freeze != "all" and depths[name] > freeze)


def _freeze_stem(model: GenderAgeModel, count: int) -> None:
    stem = getattr(getattr(model.backbone, "embeddings", None), "patch_embeddings", None)
    convolutions = [module for module in stem.modules() if isinstance(module, nn.Conv2d)] if stem is not None else []
    if count > len(convolutions):
        raise SettingError("model.freeze_stem", count, f"a number up to {len(convolutions)}, the stem's convolutions,")
    for convolution in convolutions[:count]:
        convolution.requires_grad_(False)


def _adapt(model: GenderAgeModel, settings: dict[str, Any]) -> None:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise ConfigError(f'`model.lora` needs a package: `pip install -e ".[train,{error.name}]"`') from error
    if settings.get("modules_to_save"):
        raise ConfigError("`model.lora`: `modules_to_save` is of no use, as both heads are trained whole: leave it out")
    if "target_modules" not in settings and not any(isinstance(each, nn.Linear) for each in model.backbone.modules()):
        raise ConfigError(f"`model.lora`: {model.family.title} has no linear layers; name others in `target_modules`")
    with as_sentence("model.lora"):
        inject_adapter_in_model(LoraConfig(**{"target_modules": "all-linear"} | settings), model.backbone)


def is_adapted(model: nn.Module) -> bool:
    """Whether the model has LoRA's adapters."""
    return any("lora_" in name for name, _ in model.named_parameters())


def merged(model: GenderAgeModel) -> GenderAgeModel:
    """The model itself, or a copy with its adapters merged into the weights that they adapt."""
    if not is_adapted(model):
        return model
    from peft.tuners.tuners_utils import BaseTunerLayer

    plain = copy.deepcopy(model)
    for name, module in list(plain.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            plain.set_submodule(name, module.get_base_layer())
    del plain.backbone.peft_config
    return plain


def keep_frozen(module: nn.Module) -> None:
    """Frozen modules run as in evaluation, without dropout, and their batch norm keeps its statistics."""
    trained = [parameter.requires_grad for parameter in module.parameters()]
    if trained and not any(trained):
        module.eval()
    elif not all(trained):
        for child in module.children():
            keep_frozen(child)


def with_layer_decay(groups: Iterable[dict[str, Any]], model: GenderAgeModel, decay: float) -> list[dict[str, Any]]:
    """The optimizer's groups of parameters, split by depth: the learning rate falls by `decay` with each layer below.

    The last layers and the heads keep the whole rate (as for BEiT, https://arxiv.org/abs/2106.08254).
    """
    depths, last = parameter_depths(model.backbone, model.family)
    below = {id(each): last - depths[name] for name, each in model.backbone.named_parameters()}
    split: list[dict[str, Any]] = []
    for group in groups:
        by_depth: dict[int, list[torch.Tensor]] = {}
        for parameter in group["params"]:
            by_depth.setdefault(below.get(id(parameter), 0), []).append(parameter)
        split += [group | {"params": each, "lr": group["lr"] * decay**depth} for depth, each in by_depth.items()]
    return split
