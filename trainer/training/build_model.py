"""The initial model of a run: random weights, published weights for the stem, a backbone of the Hub, or a checkpoint of
this project."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import HTTPError, StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from gender_age.backbones import build_backbone, family_of, feature_size, vision_config, with_any_size
from gender_age.checkpoint import load_checkpoint, register_classes
from gender_age.configuration_gender_age import OF_THE_VIT, GenderAgeConfig
from gender_age.errors import ModelError
from gender_age.families import FAMILIES
from gender_age.modeling_gender_age import GenderAgeModel

from ..errors import ConfigError
from .config import ModelSection
from .model_checks import UNUSABLE, as_sentence, check_model_config, one_line
from .settings import SettingError, refuse_unknown, settings_of
from .stem_weights import load_stem_weights

logger = logging.getLogger(__name__)

UNREADABLE = (*UNUSABLE, HTTPError, SafetensorError, StrictDataclassError)
"""Errors of transformers and timm for a checkpoint that cannot be had or read."""

POSITIONS = "embeddings.position_embeddings"
# Config fields of a checkpoint that describe its classes and files, not its network.
NOT_THE_NETWORKS = {"architectures", "model_type", "transformers_version", "dtype", "id2label", "label2id"}
SET_BY_A_RUN = {"feature_size", *PreTrainedConfig().to_dict()}


def build_model(section: ModelSection, image_size: int) -> GenderAgeModel:
    """The network to train, for faces of `image_size` pixels a side.

    Raises:
        ConfigError: a field is not one of `GenderAgeConfig`, or the checkpoint or the stem's weights cannot be used.
    """
    if section.pretrained is None:
        model = _model(_config(section, _from_scratch(section), image_size), section.attn_implementation)
        if section.stem_weights:
            load_stem_weights(model, Path(section.stem_weights))
        return model
    if section.stem_weights:
        raise ConfigError("`model.stem_weights` and `model.pretrained` are two starts; a run takes one")
    register_classes()
    try:
        stock_config = AutoConfig.from_pretrained(section.pretrained, revision=section.revision)
    except UNREADABLE as error:
        raise ConfigError(f"cannot load the checkpoint {section.pretrained}: {one_line(error)}") from error
    if stock_config.model_type == GenderAgeConfig.model_type:
        return _continued(section, image_size)
    return _on_backbone(section, vision_config(stock_config), image_size)


def _from_scratch(section: ModelSection) -> dict[str, Any]:
    """What a network of another family with random weights has before the section's fields: its kind and pooling."""
    own = section.config.get("backbone_config")
    if own is None:
        return {}
    path = "model.config.backbone_config"
    if not isinstance(own, dict):
        raise SettingError(path, own, "a mapping such as {model_type: convnext}")
    kind = own.get("model_type")
    if kind not in FAMILIES:
        raise SettingError(f"{path}.model_type", kind, f"one of {', '.join(FAMILIES)}")
    with as_sentence(path):
        family = family_of(AutoConfig.for_model(kind))
    return {"backbone_config": {"model_type": kind}, "pooling": family.poolings[0]}


def _on_backbone(section: ModelSection, stock_config: PreTrainedConfig, image_size: int) -> GenderAgeModel:
    """New heads on a stock checkpoint, whose weights are taken as they are."""
    with as_sentence("model.pretrained"):
        family = family_of(stock_config)
    own = {"pooling": family.poolings[0], "drop_path_rate": getattr(stock_config, family.drop_path or "", 0.0)}
    network = with_any_size(stock_config).to_diff_dict()
    config = _config(section, own | {"backbone_config": network}, image_size)
    try:
        stock, loading = AutoModel.from_pretrained(
            section.pretrained,
            config=config.backbone_config,
            revision=section.revision,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported in the loading info
            dtype="float32",
            **family.arguments,
        )
    except UNREADABLE as error:
        raise ConfigError(f"cannot load the weights of {section.pretrained}: {one_line(error)}") from error
    if loading["missing_keys"]:
        raise ConfigError(f"{section.pretrained} lacks weights of its network: {sorted(loading['missing_keys'])[:3]}")
    if loading["mismatched_keys"]:
        names = sorted(key if isinstance(key, str) else key[0] for key in loading["mismatched_keys"])
        raise ConfigError(f"the weights of {section.pretrained} have other shapes than in `model.config`: {names[:3]}")
    model = _model(config, section.attn_implementation)
    _load(model.backbone, stock.state_dict())
    # A run reports its progress as warnings, which the default log level shows.
    logger.warning(
        "the %s of %s is loaded, both heads are new%s",
        family.title,
        section.pretrained,
        _sizes(_trained_at(stock_config), image_size),
    )
    return model


def _trained_at(stock_config: PreTrainedConfig) -> int | None:
    """The image size in pixels that a stock checkpoint was trained at, where its config says so."""
    of_timm = getattr(stock_config, "pretrained_cfg", None) or {}
    return getattr(stock_config, "image_size", None) or of_timm.get("input_size", (None,))[-1]


def _sizes(trained_at: int | None, image_size: int) -> str:
    if trained_at is None:
        return ""
    here = "" if trained_at == image_size else f", and sees {image_size} px here"
    return f"; it was trained at {trained_at} px{here}"


def start_config(section: ModelSection) -> GenderAgeConfig | None:
    """The config of the checkpoint of this project that a run starts from; None for any other start."""
    if section.pretrained is None:
        return None
    register_classes()
    config = AutoConfig.from_pretrained(section.pretrained, revision=section.revision)
    return config if isinstance(config, GenderAgeConfig) else None


def _continued(section: ModelSection, image_size: int) -> GenderAgeModel:
    """A checkpoint of this project, backbone and both heads."""
    try:
        saved, _ = load_checkpoint(section.pretrained, section.revision, device="cpu")
    except ModelError as error:
        raise ConfigError(str(error)) from error
    inherited = {
        name: value for name, value in saved.config.to_diff_dict().items() if name in settings_of(GenderAgeConfig)
    }
    inherited = {name: value for name, value in inherited.items() if name not in NOT_THE_NETWORKS}
    model = _model(_config(section, inherited, image_size), section.attn_implementation)
    weights = saved.backbone.state_dict()
    if model.config.backbone_config is None:
        weights[POSITIONS] = interpolate_positions(weights[POSITIONS], model.config.grid_size)
    _load(model.backbone, weights)
    model.gender_head.load_state_dict(saved.gender_head.state_dict())
    model.age_head.load_state_dict(saved.age_head.state_dict())
    logger.warning("training continues from the weights of %s", section.pretrained)
    return model


def _load(backbone: PreTrainedModel, weights: dict[str, torch.Tensor]) -> None:
    try:
        # Not the network's own: timm's changes the names.
        nn.Module.load_state_dict(backbone, weights)
    except RuntimeError as error:
        raise ConfigError(f"the checkpoint's backbone does not fit this config: {one_line(error)}") from error


def interpolate_positions(positions: torch.Tensor, grid: int) -> torch.Tensor:
    """`(1, 1 + n * n, hidden)` position embeddings as `(1, 1 + grid * grid, hidden)`, bicubic as ViT does it."""
    side = round((positions.shape[1] - 1) ** 0.5)
    if side == grid:
        return positions
    patches = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    patches = torch.nn.functional.interpolate(patches, size=(grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], patches.permute(0, 2, 3, 1).reshape(1, grid * grid, -1)], dim=1)


def _model(config: GenderAgeConfig, attn_implementation: str) -> GenderAgeModel:
    with as_sentence("model"):
        if config.backbone_config is not None and config.feature_size is None:
            config.feature_size = feature_size(build_backbone(config), config)
        # `sdpa` is what each network takes by itself where it has it.
        attention = {} if attn_implementation == "sdpa" else {"attn_implementation": attn_implementation}
        return GenderAgeModel._from_config(config, **attention)


def _config(section: ModelSection, inherited: dict[str, Any], image_size: int) -> GenderAgeConfig:
    """The checkpoint's config, with the section's fields over it, those of a backbone's own config among them."""
    refuse_unknown("model.config", section.config, settings_of(GenderAgeConfig), "the fields of GenderAgeConfig")
    check_model_config(section.config)
    if useless := sorted(SET_BY_A_RUN & section.config.keys()):
        raise ConfigError(f"`model.config.{useless[0]}` is set by the run itself; leave it out")
    values = {**inherited, **section.config, "image_size": image_size}
    if "backbone_config" in inherited:
        backbone = dict(inherited["backbone_config"])
        for name in [*values]:
            if name in OF_THE_VIT:
                backbone[name] = values.pop(name)
        backbone |= section.config.get("backbone_config") or {}
        backbone.pop("dtype", None)  # that of the stored weights; training is in float32
        known = AutoConfig.for_model(inherited["backbone_config"]["model_type"]).to_dict()
        refuse_unknown("model.config", backbone.keys() - inherited["backbone_config"].keys(), known)
        values["backbone_config"] = backbone
    try:
        return GenderAgeConfig(**values)
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise ConfigError(f"`model.config` cannot be used: {one_line(error)}") from error
