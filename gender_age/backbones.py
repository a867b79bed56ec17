"""Backbones, of whatever family: building them, their features, their layers."""

from __future__ import annotations

import importlib.util
import inspect
from typing import Any

import torch
from torch import nn
from torchvision.ops import StochasticDepth
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel, ViTModel

from .configuration_gender_age import GenderAgeConfig
from .families import FAMILIES, Family
from .stems import STEMS, Stem


class UnsupportedBackboneError(ValueError):
    """A backbone is of a family that is not supported, or lacks what the config asks for."""


def family_of(config: PreTrainedConfig) -> Family:
    """The family of a backbone's config; a `GenderAgeConfig` without `backbone_config` describes a ViT.

    Raises:
        UnsupportedBackboneError: it is of none, and the message lists them, or needs a package that is not installed.
    """
    if config.model_type == GenderAgeConfig.model_type:  # a class of its own for each user of the Hub's code
        return FAMILIES["vit"] if config.backbone_config is None else family_of(config.backbone_config)
    if config.model_type not in FAMILIES:
        titles = ", ".join(family.title for family in FAMILIES.values())
        raise UnsupportedBackboneError(f"a {config.model_type!r} model is no backbone here; these are: {titles}")
    family = FAMILIES[config.model_type]
    if family.package and importlib.util.find_spec(family.package) is None:
        raise UnsupportedBackboneError(f"{family.title} is not installed: `pip install {family.package}`")
    return family


def build_backbone(config: GenderAgeConfig) -> PreTrainedModel:
    """The network that the config describes, with random weights.

    Raises:
        UnsupportedBackboneError: as for `family_of`, or the family lacks the pooling or drop path.
    """
    family = family_of(config)
    if config.pooling not in family.poolings:
        raise UnsupportedBackboneError(
            f"pooling is {config.pooling!r}; of a backbone of {family.title} it is one of {', '.join(family.poolings)}"
        )
    if config.drop_path_rate and not (family.drop_path or family.dropout_is_residual):
        raise UnsupportedBackboneError(f"{family.title} has no drop path: set drop_path_rate to 0")
    if config.backbone_config is None:
        backbone: Any = ViTModel(config, **family.arguments)
        if config.stem in STEMS:
            backbone.embeddings.patch_embeddings = STEMS[config.stem](config)
    else:
        network = config.backbone_config
        if family.drop_path:
            _set_drop_path(network, family.drop_path, config.drop_path_rate)
        try:
            backbone = AutoModel.from_config(network, **family.arguments)
        except TypeError as error:
            if "drop_path_rate" not in str(error):
                raise
            message = f"this network of {family.title} has no drop path: set drop_path_rate to 0"
            raise UnsupportedBackboneError(message) from error
    if family.dropout_is_residual and config.drop_path_rate > 0:
        layers = layers_of(backbone, family)
        for depth, layer in enumerate(layers):
            # This module has no weights.
            layer.dropout = StochasticDepth(config.drop_path_rate * depth / max(1, len(layers) - 1), mode="row")
    return backbone


def _set_drop_path(network: Any, field: str, rate: float) -> None:
    """Sets the rate, in [0, 1], in the network's config, under `field` or `field.key`."""
    name, _, key = field.partition(".")
    if not key:
        setattr(network, name, rate)
        return
    arguments = getattr(network, name) or {}
    if rate > 0 or key in arguments:  # some of timm's networks take no such argument, not even 0
        setattr(network, name, {**arguments, key: rate})


def forward_arguments(backbone: PreTrainedModel) -> dict[str, Any]:
    """What its forward pass is told beside the pixels: to take other sizes than that of its positions, and to name its
    outputs, whatever its config says."""
    takes = inspect.signature(backbone.forward).parameters
    sizes = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in takes else {}
    return {"return_dict": True, **sizes}


def inputs_of(family: Family, backbone: PreTrainedModel, pixel_values: torch.Tensor) -> dict[str, torch.Tensor]:
    """The arguments of its forward pass for `(batch, 3, height, width)` pixels."""
    return family.inputs(backbone.config, pixel_values) if family.inputs else {"pixel_values": pixel_values}


def pooled(family: Family, backbone: PreTrainedModel, outputs: Any, pooling: str) -> torch.Tensor:
    """`(batch, feature_size)` of the backbone's outputs."""
    if pooling == "pooler":
        return outputs.pooler_output
    hidden_states = outputs.last_hidden_state
    if pooling == "cls":
        return hidden_states[:, 0]
    if hidden_states.ndim == 4:
        return hidden_states.mean(dim=(2, 3))
    prefix = family.prefix_tokens
    return hidden_states[:, prefix if isinstance(prefix, int) else prefix(backbone.config) :].mean(dim=1)


def feature_size(backbone: PreTrainedModel, config: GenderAgeConfig) -> int:
    """Length of the backbone's pooled features, from a forward pass at the config's image size."""
    family, side = family_of(config), int(config.image_size)  # type: ignore[arg-type]
    pixels = torch.zeros(1, 3, side, side)
    with torch.no_grad():
        outputs = backbone.eval()(**inputs_of(family, backbone, pixels), **forward_arguments(backbone))
    return pooled(family, backbone, outputs, config.pooling).shape[-1]


def vision_config(config: PreTrainedConfig) -> PreTrainedConfig:
    """The config of the image encoder: a part of that of a model for images and text, such as CLIP."""
    return getattr(config, "vision_config", config)


def with_any_size(config: PreTrainedConfig) -> PreTrainedConfig:
    """The config of a stock network as one that takes any size of images, as far as its family can."""
    family = family_of(config)
    return family.any_size(config) if family.any_size else config


def layers_of(backbone: nn.Module, family: Family) -> list[nn.Module]:
    """The layers, or stages, from the input on."""
    found = backbone.get_submodule(family.layers) if isinstance(family.layers, str) else family.layers(backbone)
    return list(found.children())


def parameter_depths(backbone: nn.Module, family: Family) -> tuple[dict[str, int], int]:
    """Name of a parameter -> how deep it is: 0 before the layers, 1 in the first, and so on; and the depth after them.

    What is defined before the first layer counts as before it, the rest that is in no layer as after them.
    """
    layers = layers_of(backbone, family)
    at = {id(parameter): depth for depth, layer in enumerate(layers, start=1) for parameter in layer.parameters()}
    depths: dict[str, int] = {}
    outside = 0
    for name, parameter in backbone.named_parameters():
        depths[name] = at.get(id(parameter), outside)
        outside = len(layers) + 1 if id(parameter) in at else outside
    return depths, len(layers) + 1


def explained_modules(backbone: nn.Module, family: Family) -> list[nn.Module]:
    """The modules whose output explanations look at: that of the embeddings, and those of a chain of maps after it."""
    if isinstance(stem := getattr(getattr(backbone, "embeddings", None), "patch_embeddings", None), Stem):
        return list(stem.stages)
    if family.embeddings is None:
        embeddings: nn.Module = next(module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    else:
        embeddings = backbone.get_submodule(family.embeddings)
    return [embeddings, *(layers_of(backbone, family) if family.maps else [])]


__all__ = [
    "UnsupportedBackboneError",
    "build_backbone",
    "explained_modules",
    "feature_size",
    "family_of",
    "forward_arguments",
    "inputs_of",
    "layers_of",
    "parameter_depths",
    "pooled",
    "vision_config",
    "with_any_size",
]
