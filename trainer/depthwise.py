"""Gradients of strided depthwise convolutions in bf16 on a CPU, where PyTorch's own take many times the convolution.

With torch 2.14 on two cores, for 64 faces with 96 channels of 64 × 64 pixels, the pixels' gradient takes 113 ms and the
convolution 3 (docs/experiments.md). The same sums can be had from fast operations. In float32 there is little to gain.
"""

from __future__ import annotations

import torch
from torch import nn

STRIDE = 2


def speed_up_depthwise(model: nn.Module) -> int:
    """Give the model's depthwise convolutions with 3×3 kernels and a stride of 2 another backward pass, in place. They
    then take batches only.

    Returns:
        How many there are.
    """
    found = [
        module
        for module in model.modules()
        if type(module) is nn.Conv2d
        and module.groups == module.in_channels == module.out_channels
        and (module.kernel_size, module.stride) == ((3, 3), (STRIDE, STRIDE))
        and module.padding in ((0, 0), (1, 1), (2, 2))
        and (module.dilation, module.padding_mode) == ((1, 1), "zeros")
    ]
    for module in found:
        module.__class__ = _DepthwiseConv2d
    return len(found)


class _DepthwiseConv2d(nn.Conv2d):
    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        # A function of one's own is left alone by autocast.
        in_type = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        moved = _Depthwise.apply(input.to(in_type), weight.to(in_type), self.padding[0])
        return moved if bias is None else moved + bias.to(in_type)[:, None, None]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pixels: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
        ctx.save_for_backward(pixels, weight)
        ctx.padding = padding
        return nn.functional.conv2d(pixels, weight, None, STRIDE, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None]:
        pixels, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_pixels = of_weight = None
        if ctx.needs_input_grad[0]:
            of_pixels = _pixels_gradient(gradient, pixels, weight, ctx.padding)
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(gradient, pixels, weight, ctx.padding)
        return of_pixels, of_weight, None


def _pixels_gradient(gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
    """In the shape of `pixels`, by a convolution with the turned kernel; zeros between undo the stride."""
    kernel = weight.shape[-1]
    height, width = (side + 2 * padding - kernel + 1 for side in pixels.shape[-2:])
    spread = torch.zeros((*gradient.shape[:2], height, width), dtype=gradient.dtype, device=gradient.device)
    spread = spread.contiguous(memory_format=torch.channels_last)
    spread[:, :, ::STRIDE, ::STRIDE] = gradient
    return nn.functional.conv2d(spread, weight.flip(2, 3), padding=kernel - 1 - padding, groups=weight.shape[0])


def _weight_gradient(gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
    """`(channels, 1, kernel, kernel)`: PyTorch's own, which is fast; the weight counts by its shape only."""
    return torch.ops.aten.convolution_backward(
        gradient,
        pixels,
        weight,
        None,
        [STRIDE, STRIDE],
        [padding, padding],
        [1, 1],
        False,
        [0, 0],
        weight.shape[0],
        [False, True, False],
    )[1]
