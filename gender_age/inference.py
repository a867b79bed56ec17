"""Inference: without gradients, in the number format that is fastest on the device."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

CPU_INFO = Path("/proc/cpuinfo")


@contextmanager
def inference(device: torch.device, dtype: torch.dtype = torch.float32) -> Iterator[None]:
    """Inside, models run without gradients, and those in float32 in bf16 autocast on a CPU where that is faster.

    The MAE changes in its third decimal place at most (docs/performance.md).
    """
    # With weights in fp16, autocast raises in attention.
    in_bf16 = device.type == "cpu" and dtype == torch.float32 and is_bf16_faster()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
        yield


@cache
def is_bf16_faster() -> bool:
    """Whether the CPU has AMX, or AVX512-BF16 and is AMD's; False with a torch that cannot tell.

    Batches of 8 are 1.6 times as fast in bf16 as in float32 on an EPYC with AVX512-BF16; on a Xeon that has it and no
    AMX, 0.95 times, and single faces 0.78 times (docs/experiments.md).
    """
    has_amx, has_avx512 = (_supports(name) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return has_amx or (has_avx512 and is_amd())


def is_amd() -> bool:
    """Whether the CPU is AMD's."""
    described = CPU_INFO.read_text() if CPU_INFO.exists() else platform.processor()
    return "AuthenticAMD" in described


def _supports(name: str) -> bool:
    return hasattr(torch.cpu, name) and getattr(torch.cpu, name)()


__all__ = ["inference"]
