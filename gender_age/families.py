"""The families of backbones: what transformers' config of a network does not say. No other module knows them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Family:
    """What is particular to a family of backbones.

    Attributes:
        title: as people write it.
        layers: path of its layers, from the input on, or a function that finds them in a network.
        poolings: those that it has, of `GenderAgeConfig.pooling`; first that of its stock checkpoints.
        prefix_tokens: tokens before those of the patches, or the number of them by config.
        embeddings: path of the module that makes patches or a feature map of its input; None for the first convolution.
        maps: whether its layers take and give feature maps.
        drop_path: its config's field for the rate of its drop path, or `field.key`; None where it has none.
        dropout_is_residual: whether its layers apply `dropout` to their residual branches, where drop path can stand.
        arguments: of its network's constructor.
        inputs: makes the arguments of its forward pass of pixels, where they are others than `pixel_values`.
        normalisation: mean and deviation by config, where its checkpoints have no image processor's config.
        any_size: makes the config of a network that takes any size of images of another.
        package: that it needs beside those of this project.
    """

    title: str
    layers: str | Callable[[Any], nn.Module]
    poolings: tuple[str, ...] = ("pooler", "mean")
    prefix_tokens: int | Callable[[Any], int] = 0
    embeddings: str | None = None
    maps: bool = False
    drop_path: str | None = None
    dropout_is_residual: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: Callable[[Any, torch.Tensor], dict[str, torch.Tensor]] | None = None
    normalisation: Callable[[Any], tuple[Sequence[float], Sequence[float]]] | None = None
    any_size: Callable[[Any], Any] | None = None
    package: str | None = None


def _with_registers(config: Any) -> int:
    return 1 + int(config.num_register_tokens)


def _naflex_patches(config: Any, pixel_values: torch.Tensor) -> dict[str, torch.Tensor]:
    """Images as SigLIP2's NaFlex takes them: flattened patches, row by row, each with the channels last."""
    side = config.patch_size
    rows, columns = pixel_values.shape[-2] // side, pixel_values.shape[-1] // side
    patches = functional.unfold(pixel_values[..., : rows * side, : columns * side], side, stride=side)
    patches = patches.unflatten(1, (-1, side * side)).permute(0, 3, 2, 1).flatten(2)
    return {
        "pixel_values": patches,
        "pixel_attention_mask": patches.new_ones(patches.shape[:2], dtype=torch.int32),
        "spatial_shapes": torch.tensor([[rows, columns]], device=patches.device).expand(patches.shape[0], -1),
    }


def _bgr(config: Any, pixel_values: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"pixel_values": pixel_values.flip(1)}


def _with_any_size_in_timm(config: Any) -> Any:
    """With interpolated positions, in networks that have positions, and without what transformers' wrapper passes."""
    try:
        import timm
    except ImportError:
        return config  # `family_of` says what to install
    config, sized = copy.deepcopy(config), copy.deepcopy(config)
    given = config.model_args or {}
    config.model_args = {name: value for name, value in given.items() if name not in ("num_classes", "pretrained")}
    sized.model_args = {**config.model_args, "dynamic_img_size": True}
    try:
        with torch.device("meta"):
            timm.create_model(config.architecture, **sized.model_args)
    except (TypeError, RuntimeError):  # an unknown argument, or network, which loading it names
        return config
    return sized


def _layers_of_timm(network: Any) -> nn.Module:
    """The list of layers or stages, or all parts where there is none."""
    lists = (getattr(network.timm_model, name, None) for name in ("blocks", "stages", "layers"))
    return next((each for each in lists if each is not None), network.timm_model)


def _of_timm(config: Any) -> tuple[Sequence[float], Sequence[float]]:
    return config.pretrained_cfg["mean"], config.pretrained_cfg["std"]


_VIT = Family(
    "ViT",
    layers="layers",
    poolings=("cls", "mean"),
    prefix_tokens=1,
    dropout_is_residual=True,
    arguments={"add_pooling_layer": False},
)
_DINOV2 = Family(
    "DINOv2",
    layers="encoder.layer",
    poolings=("pooler", "cls", "mean"),
    prefix_tokens=1,
    drop_path="drop_path_rate",
)
_SIGLIP = Family("SigLIP and SigLIP2", layers="encoder.layers")
_SWIN = Family("Swin", layers="encoder.layers", drop_path="drop_path_rate")
_CONVNEXT = Family("ConvNeXt", layers="encoder.stages", embeddings="embeddings", maps=True, drop_path="drop_path_rate")
_MOBILEVIT = Family("MobileViT", layers="encoder.layer", embeddings="conv_stem", maps=True, inputs=_bgr)

FAMILIES = {
    "vit": _VIT,
    "deit": replace(_VIT, title="DeiT", prefix_tokens=2),
    "dinov2": _DINOV2,
    "dinov2_with_registers": replace(_DINOV2, title="DINOv2 with registers", prefix_tokens=_with_registers),
    "dinov3_vit": replace(_DINOV2, title="DINOv3", layers="model.layer", prefix_tokens=_with_registers),
    "dinov3_convnext": replace(_DINOV2, title="DINOv3 ConvNeXt", layers="model.stages"),
    "siglip_vision_model": _SIGLIP,
    "siglip2_vision_model": replace(
        _SIGLIP, title="SigLIP2 NaFlex", embeddings="embeddings.patch_embedding", inputs=_naflex_patches
    ),
    "clip_vision_model": replace(_SIGLIP, title="CLIP", poolings=("pooler", "cls", "mean"), prefix_tokens=1),
    "swin": _SWIN,
    "swinv2": replace(_SWIN, title="Swin v2"),
    "convnext": _CONVNEXT,
    "convnextv2": replace(_CONVNEXT, title="ConvNeXt V2"),
    # Its own pooling, an average over windows of as many pixels as it has channels, is the mean, and no ONNX operator.
    "efficientnet": replace(
        _CONVNEXT, title="EfficientNet", layers="encoder.blocks", poolings=("mean",), drop_path="drop_connect_rate"
    ),
    "mobilevit": _MOBILEVIT,
    "mobilevitv2": replace(_MOBILEVIT, title="MobileViT v2"),
    "timm_wrapper": Family(
        "timm",
        layers=_layers_of_timm,
        poolings=("pooler",),
        drop_path="model_args.drop_path_rate",
        normalisation=_of_timm,
        any_size=_with_any_size_in_timm,
        package="timm",
    ),
}
"""`model_type` of a config -> its family."""

__all__ = ["FAMILIES", "Family"]
