"""How a trained model is run: without gradients, and in the arithmetic that the device is fastest in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def inference(device: torch.device) -> Iterator[None]:
    """Models that run inside take down no gradients, and answer in bf16 where a CPU multiplies it in hardware.

    There it is nearly twice as fast, and moves the mean error by less than its third digit (docs/performance.md).
    Elsewhere bf16 is slower than float32 on a CPU.
    """
    in_bf16 = device.type == "cpu" and multiplies_bf16()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
        yield


def multiplies_bf16() -> bool:
    """Whether the CPU has instructions for it (AVX512-BF16 or AMX); a torch that cannot tell counts as without."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name)() for name in names if hasattr(torch.cpu, name))


__all__ = ["inference"]
