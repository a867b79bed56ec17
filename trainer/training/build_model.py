"""The initial model of a run: random weights, published weights for the stem, the encoder of a stock ViT or DeiT, or a
checkpoint of this project."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from huggingface_hub.errors import HTTPError, StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoConfig, DeiTModel, PreTrainedConfig, ViTConfig, ViTModel

from gender_age.checkpoint import load_checkpoint, register_classes
from gender_age.configuration_gender_age import GenderAgeConfig
from gender_age.errors import ModelError
from gender_age.modeling_gender_age import ViTForGenderAge

from ..errors import ConfigError
from .config import ModelSection
from .model_checks import as_sentence, check_model_config, one_line
from .settings import refuse_unknown, settings_of
from .stem_weights import load_stem_weights

logger = logging.getLogger(__name__)

STOCK_MODELS = {"vit": ViTModel, "deit": DeiTModel}
# Config fields of a stock checkpoint that describe its classes and files, not its encoder.
NOT_THE_ENCODERS = {
    "id2label",
    "label2id",
    "num_labels",
    "architectures",
    "model_type",
    "transformers_version",
    "dtype",
}


def build_model(section: ModelSection, image_size: int) -> ViTForGenderAge:
    """The network to train, for faces of `image_size` pixels a side.

    Raises:
        ConfigError: a field is not one of `GenderAgeConfig`, or the checkpoint or the stem's weights cannot be used.
    """
    if section.pretrained is None:
        model = _model(_config(section, {}, image_size))
        if section.stem_weights:
            load_stem_weights(model, Path(section.stem_weights))
        return model
    if section.stem_weights:
        raise ConfigError("`model.stem_weights` and `model.pretrained` are two starts; a run takes one")
    register_classes()
    try:
        stock_config = AutoConfig.from_pretrained(section.pretrained, revision=section.revision)
    except (OSError, ValueError, HTTPError) as error:
        raise ConfigError(f"cannot load the checkpoint {section.pretrained}: {one_line(error)}") from error
    if stock_config.model_type == GenderAgeConfig.model_type:
        return _continued(section, image_size)
    if stock_config.model_type not in STOCK_MODELS:
        raise ConfigError(
            f"{section.pretrained} is a {stock_config.model_type!r} checkpoint; `model.pretrained` takes "
            f"{', '.join(map(repr, STOCK_MODELS))} or {GenderAgeConfig.model_type!r}"
        )
    try:
        stock, loading = STOCK_MODELS[stock_config.model_type].from_pretrained(
            section.pretrained,
            revision=section.revision,
            add_pooling_layer=False,
            output_loading_info=True,
            dtype="float32",
        )
    except (OSError, ValueError, HTTPError, SafetensorError) as error:
        raise ConfigError(f"cannot load the weights of {section.pretrained}: {one_line(error)}") from error
    if loading["missing_keys"]:
        raise ConfigError(f"{section.pretrained} lacks encoder weights: {sorted(loading['missing_keys'])[:3]}")
    model = _model(_config(section, _inherited(stock_config, ViTConfig()), image_size))
    load_encoder(model, stock)
    # A run reports its progress as warnings, which the default log level shows.
    logger.warning(
        "the encoder of %s is loaded, both heads are new; its positions are for %s px%s",
        section.pretrained,
        stock_config.image_size,
        "" if stock_config.image_size == image_size else f", and interpolated to {image_size} px",
    )
    return model


def freeze_stem(model: ViTForGenderAge, layers: int) -> None:
    """Keep the weights of the stem's first `layers` convolutions, whose gradients cost the most."""
    stem = model.vit.embeddings.patch_embeddings
    for convolution in [module for module in stem.modules() if isinstance(module, torch.nn.Conv2d)][:layers]:
        convolution.requires_grad_(False)


def start_config(section: ModelSection) -> GenderAgeConfig | None:
    """The config of the checkpoint of this project that a run starts from; None for any other start."""
    if section.pretrained is None:
        return None
    register_classes()
    config = AutoConfig.from_pretrained(section.pretrained, revision=section.revision)
    return config if isinstance(config, GenderAgeConfig) else None


def _continued(section: ModelSection, image_size: int) -> ViTForGenderAge:
    """A checkpoint of this project, encoder and both heads."""
    try:
        saved, _ = load_checkpoint(section.pretrained, section.revision, device="cpu")
    except ModelError as error:
        raise ConfigError(str(error)) from error
    model = _model(_config(section, _inherited(saved.config, GenderAgeConfig()), image_size))
    load_encoder(model, saved.vit)
    model.gender_head.load_state_dict(saved.gender_head.state_dict())
    model.age_head.load_state_dict(saved.age_head.state_dict())
    logger.warning("training continues from the weights of %s", section.pretrained)
    return model


def load_encoder(model: ViTForGenderAge, stock: ViTModel | DeiTModel) -> None:
    """Copy a trained encoder into `model.vit`; positions are interpolated only where the image size differs.

    DeiT's distillation token and its position are dropped.

    Raises:
        ConfigError: the weights do not fit.
    """
    weights = dict(stock.state_dict())
    positions = weights["embeddings.position_embeddings"]
    if weights.pop("embeddings.distillation_token", None) is not None:
        positions = torch.cat([positions[:, :1], positions[:, 2:]], dim=1)
    grid = model.config.image_size // model.config.patch_size
    weights["embeddings.position_embeddings"] = interpolate_positions(positions, grid)
    try:
        model.vit.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(f"the checkpoint's encoder does not fit this config: {one_line(error)}") from error


def interpolate_positions(positions: torch.Tensor, grid: int) -> torch.Tensor:
    """`(1, 1 + n * n, hidden)` position embeddings as `(1, 1 + grid * grid, hidden)`, bicubic as ViT does it."""
    side = round((positions.shape[1] - 1) ** 0.5)
    if side == grid:
        return positions
    patches = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    patches = torch.nn.functional.interpolate(patches, size=(grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], patches.permute(0, 2, 3, 1).reshape(1, grid * grid, -1)], dim=1)


def _inherited(saved: PreTrainedConfig, known: PreTrainedConfig) -> dict:
    """The checkpoint's config where it differs from the defaults, limited to the fields that `known` has."""
    settings = known.to_dict()
    return {
        name: value for name, value in saved.to_diff_dict().items() if name not in NOT_THE_ENCODERS and name in settings
    }


def _model(config: GenderAgeConfig) -> ViTForGenderAge:
    with as_sentence("model"):
        return ViTForGenderAge._from_config(config)


def _config(section: ModelSection, inherited: dict, image_size: int) -> GenderAgeConfig:
    refuse_unknown("model.config", section.config, settings_of(GenderAgeConfig), "the fields of GenderAgeConfig")
    check_model_config(section.config)
    values = {**inherited, **section.config, "image_size": image_size}
    try:
        return GenderAgeConfig(**values, attn_implementation=section.attn_implementation)
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise ConfigError(f"`model.config` cannot be used: {one_line(error)}") from error
