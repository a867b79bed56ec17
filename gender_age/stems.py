"""Convolutional stems that replace ViT's patch projection, selected by `GenderAgeConfig.stem`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .configuration_gender_age import GenderAgeConfig


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with a skip connection; input and output `(batch, channels, height, width)`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        inner = nn.functional.relu(self.norm1(self.conv1(hidden_states)))
        return nn.functional.relu(hidden_states + self.norm2(self.conv2(inner)))


class ConvolutionLayer(nn.Module):
    """Convolution with a bias and ReLU6: `(batch, channels, height, width)` to `(batch, outputs, height / stride, …)`.

    With stride 2, pads as TensorFlow's SAME for even sides: one more pixel on the right and at the bottom.
    """

    def __init__(self, channels: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.uneven = (before, after, before, after) if before != after else None
        self.conv = nn.Conv2d(channels, outputs, kernel, stride, 0 if self.uneven else before, groups=groups)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        if self.uneven:
            hidden_states = nn.functional.pad(hidden_states, self.uneven)
        return nn.functional.relu6(self.conv(hidden_states))


class Stem(nn.Module):
    """Convolutional stages in place of ViT's patch projection; a token's receptive field exceeds its patch.

    Early convolutions make a small transformer trainable without pretraining (https://arxiv.org/abs/2106.14881).
    """

    def __init__(self, config: GenderAgeConfig, stages: Sequence[nn.Module], channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.projection = nn.Conv2d(channels, config.hidden_size, 1)
        self.num_patches = config.grid_size**2
        self.image_size = (config.image_size, config.image_size)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """`(batch, 3, height, width)` -> `(batch, patches, hidden_size)`."""
        hidden_states = pixel_values.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            hidden_states = stage(hidden_states)
        return self.projection(hidden_states).flatten(2).transpose(1, 2)


class ConvolutionalStem(Stem):
    """Strided stages of residual blocks, with the config's `stem_channels` and `stem_depths`."""

    def __init__(self, config: GenderAgeConfig) -> None:
        widths = (config.num_channels, *config.stem_channels)
        stages = [
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
                *(ResidualBlock(after) for _ in range(depth)),
            )
            for before, after, depth in zip(widths, widths[1:], config.stem_depths, strict=False)
        ]
        super().__init__(config, stages, widths[-1])


class MobileNetStem(Stem):
    """MobileNet's layers (https://arxiv.org/abs/1704.04861): stride 32, 1,024 channels.

    Batch norm is folded into the convolutions, as in the published face-recognition weights that
    `trainer/training/stem_weights.py` loads.
    """

    # Channels and stride of each depthwise-separable convolution, by stage; a stage begins with a stride of 2.
    STAGES = (
        ((64, 1),),
        ((128, 2), (128, 1)),
        ((256, 2), (256, 1)),
        ((512, 2), *((512, 1),) * 5),
        ((1024, 2), (1024, 1)),
    )

    def __init__(self, config: GenderAgeConfig) -> None:
        channels = 32
        stages: list[nn.Module] = [ConvolutionLayer(config.num_channels, channels, 3, stride=2)]
        for pairs in self.STAGES:
            stage = []
            for outputs, stride in pairs:
                stage.append(ConvolutionLayer(channels, channels, 3, stride, groups=channels))
                stage.append(ConvolutionLayer(channels, outputs, 1))
                channels = outputs
            stages.append(nn.Sequential(*stage))
        super().__init__(config, stages, channels)


STEMS = {"convolutional": ConvolutionalStem, "mobilenet": MobileNetStem}
"""Name in `GenderAgeConfig.stem` -> class."""

__all__ = ["STEMS", "ConvolutionLayer", "ConvolutionalStem", "MobileNetStem", "Stem"]
