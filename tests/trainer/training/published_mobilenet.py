"""HSE's MobileNet as its TensorFlow.js model has it, with random weights, and what that computes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import torch

CHANNELS = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
PAIRS = list(itertools.pairwise(CHANNELS))
STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]


def random_weights() -> dict[str, np.ndarray]:
    """Random ones, under the names and in the layout of HSE's MobileNet for TensorFlow.js: height, width, in, out."""
    random = np.random.default_rng(0)

    def kernel(*shape: int) -> np.ndarray:
        return random.normal(0, (2 / np.prod(shape[:3])) ** 0.5, shape)

    weights = {
        "conv1/convolution/merged_input": kernel(3, 3, 3, 32) / 64,
        "conv1_bn/batchnorm_1/sub": random.normal(0, 0.3, 32),
        "conv1_relu/Const_1": np.array(6.0),
    }
    for number, (channels, outputs) in enumerate(PAIRS, start=1):
        weights[f"conv_dw_{number}/depthwise_kernel"] = random.normal(0, 0.5, (3, 3, channels, 1))
        weights[f"conv_dw_{number}_bn/batchnorm_1/mul"] = random.uniform(0.5, 1.5, channels)
        weights[f"conv_dw_{number}_bn/batchnorm_1/sub"] = random.normal(0, 0.3, channels)
        weights[f"conv_pw_{number}/convolution/merged_input"] = kernel(1, 1, channels, outputs)
        weights[f"conv_pw_{number}_bn/batchnorm_1/sub"] = random.normal(0, 0.3, outputs)
    weights = {name: values.astype("<f4") for name, values in weights.items()}
    # First, so that nothing fits when it is misread.
    return {"global_pooling/Mean/reduction_indices": np.array([1, 2], "<i4"), **weights}


def write_tensorflow_js(path: Path, weights: dict[str, np.ndarray], stored_as: str = "float32") -> str:
    """The weights as a TensorFlow.js model; its path."""
    entries, stored = [], b""
    for name, values in weights.items():
        entries.append({"name": name, "shape": list(values.shape), "dtype": values.dtype.name})
        if stored_as != "float32" and values.dtype.name == "float32":
            entries[-1]["quantization"] = {"dtype": stored_as, "original_dtype": "float32"}
            values = values.astype(stored_as)
        stored += values.tobytes()
    path.write_text(json.dumps({"weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": entries}]}))
    # In parts, as converters write large models, and cut within a number.
    (path.parent / "a.bin").write_bytes(stored[:1001])
    (path.parent / "b.bin").write_bytes(stored[1001:])
    return str(path)


def answer(weights: dict[str, np.ndarray], rgb: torch.Tensor) -> torch.Tensor:
    """What the published graph computes of `(batch, 3, height, width)` in [0, 255], but for grey beyond the edge."""

    def layer(pixels, kernel, bias, stride, groups, scale=None):
        pixels = (
            pixels
            if kernel.shape[0] == 1
            else torch.nn.functional.pad(pixels, (0, 1, 0, 1) if stride == 2 else (1,) * 4)
        )
        axes = (3, 2, 0, 1) if groups == 1 else (2, 3, 0, 1)
        moved = torch.nn.functional.conv2d(pixels, torch.from_numpy(kernel).permute(axes), None, stride, groups=groups)
        moved = moved if scale is None else moved * torch.from_numpy(scale)[:, None, None]
        return (moved + torch.from_numpy(bias)[:, None, None]).clamp(0, 6)

    beyond = torch.nn.functional.pad(rgb, (0, 1, 0, 1), value=127.5).flip(1)
    pixels = beyond - torch.tensor([103.939, 116.779, 123.68])[:, None, None]
    first = torch.from_numpy(weights["conv1/convolution/merged_input"]).permute(3, 2, 0, 1)
    pixels = torch.nn.functional.conv2d(pixels, first, torch.from_numpy(weights["conv1_bn/batchnorm_1/sub"]), 2).clamp(
        0, 6
    )
    for number, (pair, stride) in enumerate(zip(PAIRS, STRIDES, strict=True), start=1):
        norm = f"conv_dw_{number}_bn/batchnorm_1"
        kernel = weights[f"conv_dw_{number}/depthwise_kernel"]
        pixels = layer(pixels, kernel, weights[f"{norm}/sub"], stride, pair[0], weights[f"{norm}/mul"])
        kernel = weights[f"conv_pw_{number}/convolution/merged_input"]
        pixels = layer(pixels, kernel, weights[f"conv_pw_{number}_bn/batchnorm_1/sub"], 1, 1)
    return pixels
