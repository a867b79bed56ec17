"""Inference: without gradients, in the number format that is fastest on the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def inference(device: torch.device) -> Iterator[None]:
    """Inside, models run without gradients, and in bf16 autocast on a CPU that multiplies bf16 in hardware.

    There bf16 is nearly twice as fast as float32, and the MAE changes in its third decimal place at most
    (docs/performance.md). On other CPUs it is slower than float32.
    """
    in_bf16 = device.type == "cpu" and multiplies_bf16()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
        yield


def multiplies_bf16() -> bool:
    """Whether the CPU has bf16 instructions (AVX512-BF16 or AMX); False with a torch that cannot tell."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name)() for name in names if hasattr(torch.cpu, name))


__all__ = ["inference"]
