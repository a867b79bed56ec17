"""Gradients of depthwise convolutions in bf16 on a CPU, where PyTorch's own take many times the convolution itself.

With torch 2.14 on two cores, for 64 faces with 96 channels of 64 × 64 pixels and a stride of 2, the pixels' gradient
takes 113 ms and the convolution 3; with 240 channels of 16 × 16 pixels and 5×5 kernels the weights' takes 39 ms, the
convolution 1 (docs/experiments.md). The same sums can be had from fast operations. In float32 there is little to gain.
"""

from __future__ import annotations

import torch
from torch import nn

# The side of a kernel whose gradient is fast.
FAST = 3


def speed_up_depthwise(model: nn.Module) -> int:
    """Give the model's depthwise convolutions that are slow, those with a stride of 2 or 5×5 kernels, another backward
    pass, in place. They then take batches only.

    Returns:
        How many there are.
    """
    found = [
        module
        for module in model.modules()
        if type(module) is nn.Conv2d
        and module.groups == module.in_channels == module.out_channels
        and (module.kernel_size, module.stride) in (((3, 3), (2, 2)), ((5, 5), (1, 1)), ((5, 5), (2, 2)))
        and module.padding in ((0, 0), (1, 1), (2, 2))
        and (module.dilation, module.padding_mode, module.bias) == ((1, 1), "zeros", None)
    ]
    for module in found:
        module.__class__ = _DepthwiseConv2d
    return len(found)


class _DepthwiseConv2d(nn.Conv2d):
    def _conv_forward(self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        # A function of one's own is left alone by autocast.
        in_type = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else input.dtype
        return _Depthwise.apply(input.to(in_type), weight.to(in_type), self.stride[0], self.padding[0])


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pixels: torch.Tensor, weight: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        ctx.save_for_backward(pixels, weight)
        ctx.stride, ctx.padding = stride, padding
        return nn.functional.conv2d(pixels, weight, None, stride, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:
        pixels, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_pixels = of_weight = None
        if ctx.needs_input_grad[0]:
            of_pixels = _pixels_gradient(gradient, pixels, weight, ctx.stride, ctx.padding)
        if ctx.needs_input_grad[1]:
            of_weight = _weight_gradient(gradient, pixels, weight, ctx.stride, ctx.padding)
        return of_pixels, of_weight, None, None


def _pixels_gradient(
    gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, stride: int, padding: int
) -> torch.Tensor:
    """In the shape of `pixels`, by a convolution with the turned kernel; a stride is undone by zeros between."""
    kernel = weight.shape[-1]
    if stride > 1:
        height, width = (side + 2 * padding - kernel + 1 for side in pixels.shape[-2:])
        spread = torch.zeros(
            (*gradient.shape[:2], height, width), dtype=gradient.dtype, device=gradient.device
        ).contiguous(memory_format=torch.channels_last)
        spread[:, :, ::stride, ::stride] = gradient
        gradient = spread
    turned = weight.flip(2, 3)
    return nn.functional.conv2d(gradient, turned, padding=kernel - 1 - padding, groups=weight.shape[0])


def _weight_gradient(
    gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, stride: int, padding: int
) -> torch.Tensor:
    """`(channels, 1, kernel, kernel)`; a larger kernel's by its four corners, each a 3×3 kernel over moved pixels."""
    kernel = weight.shape[-1]
    if kernel == FAST:
        return _small_weight_gradient(gradient, pixels, weight, stride, padding)
    padded = nn.functional.pad(pixels, (padding,) * 4)
    height, width = ((side - 1) * stride + FAST for side in gradient.shape[-2:])
    corner = weight[:, :, :FAST, :FAST].contiguous()
    whole = torch.empty_like(weight)
    for top in (0, kernel - FAST):
        for left in (0, kernel - FAST):
            moved = padded[:, :, top : top + height, left : left + width]
            moved = moved.contiguous(memory_format=torch.channels_last)
            part = _small_weight_gradient(gradient, moved, corner, stride, 0)
            whole[:, :, top : top + FAST, left : left + FAST] = part
    return whole


def _small_weight_gradient(
    gradient: torch.Tensor, pixels: torch.Tensor, weight: torch.Tensor, stride: int, padding: int
) -> torch.Tensor:
    """PyTorch's own; the weight counts by its shape only."""
    return torch.ops.aten.convolution_backward(
        gradient,
        pixels,
        weight,
        None,
        [stride, stride],
        [padding, padding],
        [1, 1],
        False,
        [0, 0],
        weight.shape[0],
        [False, True, False],
    )[1]
