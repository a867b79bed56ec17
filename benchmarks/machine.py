"""Describes the machine of the benchmarks."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

CPU_INFO, MEMORY_INFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def machine() -> str:
    """Processor, cores, memory and versions in one sentence."""
    cpu = _line(CPU_INFO, "model name") or platform.processor() or platform.machine()
    kilobytes = _line(MEMORY_INFO, "MemTotal")
    memory = f", {int(kilobytes.split()[0]) / 1e6:.0f} GB of memory" if kilobytes else ""
    instructions = torch.backends.cpu.get_cpu_capability()
    return (
        f"Machine: {cpu} ({instructions}), {os.cpu_count()} cores{memory}; {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__} with {torch.get_num_threads()} threads."
    )


def _line(path: Path, name: str) -> str | None:
    if not path.exists():
        return None
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), None)
