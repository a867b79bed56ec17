"""Memory and time of processes, as the kernel counts them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path


def resident_mb(pid: int) -> float:
    """What a process holds in memory now."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """The most that it ever held."""
    return _status(pid, "VmHWM")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _status(pid: int, key: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) / 1024
