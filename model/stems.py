"""What a `GenderAgeConfig` may put in place of ViT's patch projection."""

from __future__ import annotations

import torch
from torch import nn

from .configuration_gender_age import GenderAgeConfig


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside an identity, `(batch, channels, height, width)` in and out."""

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
    """Convolution, batch norm and, if `activate`, ReLU6: `(batch, channels, height, width)` to `(batch, outputs, …)`.

    Where the stride is 2, the padding is TensorFlow's for even sides: one pixel more on the right and below.
    """

    def __init__(
        self, channels: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, activate: bool = True
    ) -> None:
        super().__init__()
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.uneven = (before, after, before, after) if before != after else None
        padding = 0 if self.uneven else before
        self.conv = nn.Conv2d(channels, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.activate = activate

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        if self.uneven:
            hidden_states = nn.functional.pad(hidden_states, self.uneven)
        hidden_states = self.norm(self.conv(hidden_states))
        return nn.functional.relu6(hidden_states) if self.activate else hidden_states


class InvertedResidual(nn.Module):
    """A depthwise convolution between two 1×1 ones, beside an identity where the shape stays (MobileNetV2,
    https://arxiv.org/abs/1801.04381): `(batch, channels, height, width)` to `(batch, outputs, height / stride, …)`.

    Args:
        channels: of the input.
        outputs: channels of the output.
        expansion: channels between, as a multiple of `channels`; with 1 the first convolution falls away.
        kernel: side of the depthwise kernel.
        stride: of the depthwise convolution.
    """

    def __init__(self, channels: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.expand = ConvolutionLayer(channels, inner, 1) if expansion > 1 else nn.Identity()
        self.depthwise = ConvolutionLayer(inner, inner, kernel, stride, groups=inner)
        self.project = ConvolutionLayer(inner, outputs, 1, activate=False)
        self.has_identity = stride == 1 and channels == outputs

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        inner = self.project(self.depthwise(self.expand(hidden_states)))
        return hidden_states + inner if self.has_identity else inner


class Stem(nn.Module):
    """Stages of convolutions that stand for ViT's patch projection: each patch's token sees more than the patch.

    Early convolutions make a small transformer trainable without pretraining (https://arxiv.org/abs/2106.14881).
    """

    def __init__(self, config: GenderAgeConfig, stages: list[nn.Module], channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.projection = nn.Conv2d(channels, config.hidden_size, 1)
        grid = config.image_size // config.patch_size
        self.num_patches = grid * grid
        self.image_size = (config.image_size, config.image_size)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """`(batch, 3, height, width)` -> `(batch, patches, hidden_size)`."""
        hidden_states = pixel_values.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            hidden_states = stage(hidden_states)
        return self.projection(hidden_states).flatten(2).transpose(1, 2)


class ConvolutionalStem(Stem):
    """Strided stages of residual blocks, as many and as wide as the config says."""

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


class EfficientNetLiteStem(Stem):
    """The stages of EfficientNet-Lite0, for which ImageNet weights are at hand: 32 times smaller, 320 channels.

    EfficientNet (https://arxiv.org/abs/1905.11946) without squeeze-and-excitation and with ReLU6, as
    https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite has it.
    """

    # Expansion, channels, blocks, kernel and stride of each stage.
    STAGES = (
        (1, 16, 1, 3, 1),
        (6, 24, 2, 3, 2),
        (6, 40, 2, 5, 2),
        (6, 80, 3, 3, 2),
        (6, 112, 3, 5, 1),
        (6, 192, 4, 5, 2),
        (6, 320, 1, 3, 1),
    )

    def __init__(self, config: GenderAgeConfig) -> None:
        channels = 32
        stages: list[nn.Module] = [ConvolutionLayer(config.num_channels, channels, 3, stride=2)]
        for expansion, outputs, blocks, kernel, stride in self.STAGES:
            stage = []
            for block in range(blocks):
                stage.append(InvertedResidual(channels, outputs, expansion, kernel, stride if block == 0 else 1))
                channels = outputs
            stages.append(nn.Sequential(*stage))
        super().__init__(config, stages, channels)


STEMS = {"convolutional": ConvolutionalStem, "efficientnet_lite0": EfficientNetLiteStem}
"""By the name in `GenderAgeConfig.stem`."""

__all__ = ["STEMS", "ConvolutionalStem", "EfficientNetLiteStem"]
