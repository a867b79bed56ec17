"""Small random backbones, one of every family: a config each, for faces of 64 pixels."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from gender_age.families import FAMILIES

_TRANSFORMER = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
_PATCHES = {**_TRANSFORMER, "intermediate_size": 32, "image_size": 64, "patch_size": 16}
_SWIN = {"image_size": 64, "patch_size": 4, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4}
_STAGES = {"hidden_sizes": [4, 8, 8, 16], "depths": [1, 1, 1, 1]}
_MOBILE = {"image_size": 64, "num_attention_heads": 2, "mlp_ratio": 1.0}

CONFIGS: dict[str, dict[str, Any]] = {
    "vit": _PATCHES,
    "deit": _PATCHES,
    "dinov2": {**_PATCHES, "mlp_ratio": 2},
    "dinov2_with_registers": {**_PATCHES, "mlp_ratio": 2, "num_register_tokens": 2},
    "dinov3_vit": {**_PATCHES, "num_register_tokens": 2},
    "dinov3_convnext": _STAGES,
    "siglip_vision_model": _PATCHES,
    "siglip2_vision_model": {**_PATCHES, "num_patches": 16},
    "clip_vision_model": _PATCHES,
    "swin": _SWIN,
    "swinv2": _SWIN,
    "convnext": _STAGES,
    "convnextv2": _STAGES,
    "efficientnet": {
        "image_size": 64,
        "width_coefficient": 0.25,
        "depth_coefficient": 0.6,
        "hidden_dim": 320,
    },
    "mobilevit": {**_MOBILE, "hidden_sizes": [8, 8, 8], "neck_hidden_sizes": [4, 4, 8, 8, 8, 8, 16]},
    "mobilevitv2": {"image_size": 64, "width_multiplier": 0.25, "n_attn_blocks": [1, 1, 1]},
    "timm_wrapper": {
        "architecture": "vit_tiny_patch16_224",
        "model_args": {"img_size": 64, "patch_size": 16, "embed_dim": 16, "depth": 2, "num_heads": 2},
        "pretrained_cfg": {"input_size": [3, 64, 64], "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.2, 0.2]},
        "num_labels": 2,
    },
}


def small_config(kind: str) -> PreTrainedConfig:
    return AutoConfig.for_model(kind, **CONFIGS[kind])


def stock_backbone(kind: str) -> PreTrainedModel:
    """A stock model of this kind with drawn weights, as its checkpoint would hold it."""
    torch.manual_seed(0)
    model = AutoModel.from_config(small_config(kind), **FAMILIES[kind].arguments).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Layer scales near zero, and positions of zero, would hide what is not loaded.
            parameter.add_(torch.randn_like(parameter) * 0.05)
        norms = [each for each in model.modules() if isinstance(each, nn.BatchNorm2d)]
        if norms:
            _see_pictures(model, norms)
    return model


def _see_pictures(model: PreTrainedModel, norms: list[nn.BatchNorm2d]) -> None:
    """Scales the norms, and gives them the statistics of drawn pictures: else a deep network answers all alike."""
    for norm in norms:
        norm.weight.uniform_(0.5, 1.5)
        norm.momentum = None  # the mean of all pictures so far
    model.train()(torch.randn(16, 3, 64, 64))
    model.eval()
