"""A faster backward pass for strided depthwise convolutions in bf16 on a CPU.

With torch 2.14 on two cores, for 64 faces with 96 channels of 64 × 64 pixels, PyTorch's input gradient takes 113 ms and
the forward pass 3 ms. Computing it as a convolution makes training with the stem `mobilenet` 1.25 to 1.5 times as fast
(docs/experiments.md). The gain in float32 is small.

Related: https://github.com/pytorch/pytorch/issues/13716 (depthwise convolutions slow on CPU); no issue found on the
backward pass. tests/trainer/training/test_fast_depthwise.py compares gradients, not times: this module can go when the
timing above shows no gain.
"""

from __future__ import annotations

import torch
from torch import nn

KERNEL, STRIDE = 3, 2


def speed_up_depthwise(model: nn.Module) -> int:
    """Replace, in place, the backward pass of depthwise convolutions with 3×3 kernels, stride 2 and no padding.

    The replaced layers accept batched input only.

    Returns:
        Number of replaced layers.
    """
    found = [
        module
        for module in model.modules()
        if type(module) is nn.Conv2d
        and module.groups == module.in_channels == module.out_channels
        and (module.kernel_size, module.stride) == ((KERNEL, KERNEL), (STRIDE, STRIDE))
        and (module.padding, module.dilation) == ((0, 0), (1, 1))
    ]
    for module in found:
        module.__class__ = _DepthwiseConv2d
    return len(found)


class _DepthwiseConv2d(nn.Conv2d):
    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        # Autocast does not cast the inputs of a custom autograd function.
        in_type = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        return _Depthwise.apply(input.to(in_type), weight.to(in_type), None if bias is None else bias.to(in_type))


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pixels: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(pixels, weight)
        return nn.functional.conv2d(pixels, weight, bias, STRIDE, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        pixels, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        needs_pixels, needs_weight, needs_bias = ctx.needs_input_grad
        return (
            _pixels_gradient(gradient, pixels, weight) if needs_pixels else None,
            _weight_gradient(gradient, pixels, weight) if needs_weight else None,
            gradient.sum((0, 2, 3)) if needs_bias else None,
        )


def _pixels_gradient(gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Transposed convolution: zeros between the gradient's pixels, then the kernel rotated by 180 degrees."""
    height, width = (side - KERNEL + 1 for side in pixels.shape[-2:])
    spread = torch.zeros((*gradient.shape[:2], height, width), dtype=gradient.dtype, device=gradient.device)
    spread = spread.contiguous(memory_format=torch.channels_last)
    spread[:, :, ::STRIDE, ::STRIDE] = gradient
    return nn.functional.conv2d(spread, weight.flip(2, 3), padding=KERNEL - 1, groups=weight.shape[0])


def _weight_gradient(gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """`(channels, 1, 3, 3)`, by PyTorch's kernel, which is fast; of `weight` only the shape is used."""
    return torch.ops.aten.convolution_backward(
        gradient,
        pixels,
        weight,
        None,
        [STRIDE, STRIDE],
        [0, 0],
        [1, 1],
        False,
        [0, 0],
        weight.shape[0],
        [False, True, False],
    )[1]
