"""Memory and time of processes, as the kernel counts them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# What the page and its workers may need at all.
MOST_MB = 1.6e9 / 2**20


def resident_mb(pid: int) -> float:
    """What a process holds in memory now."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """The most that it ever held."""
    return _status(pid, "VmHWM")


def tree_mb(pid: int) -> float:
    """What a process and all below it hold in memory now, pages that several share counted once."""
    pids, total = [pid], 0
    for each in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
            for thread in Path(f"/proc/{each}/task").iterdir():
                pids += map(int, (thread / "children").read_text().split())
    return total / 1024


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _status(pid: int, key: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) / 1024
