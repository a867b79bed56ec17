"""What a video's file declares of its times, through PyAV: where its clock begins, and when its pictures end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Of FFmpeg: a second.
AV_TIME_BASE = 1_000_000
# Sound that begins so much earlier is what its encoder has put before it.
PADDING_S = 0.1
# Readers whose length of a file is that from zero, not from its first timestamp.
COUNTED_FROM_ZERO = ("matroska", "flv")
MATROSKA_DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class DeclaredTimes:
    """Times of a clip, in seconds.

    Attributes:
        zero_s: the timestamp that a player's clock calls 0: of the first picture, or of sound that begins before it.
        late_s: when the first picture comes, by that clock.
        end_s: when the pictures end, by that clock; None where nothing says it.
        duration_s: `end_s`, or else that of all streams; None where nothing says that either.
    """

    zero_s: float
    late_s: float
    end_s: float | None
    duration_s: float | None


def declared_times(container: Any, stream: Any, reader: str) -> DeclaredTimes:
    """
    Args:
        container: of PyAV.
        stream: that of its pictures.
        reader: FFmpeg's name of what reads the file.
    """
    start_s = _seconds(stream, stream.start_time or 0)
    late_s = start_s - (start_s if container.start_time is None else container.start_time / AV_TIME_BASE)
    late_s = late_s if late_s > PADDING_S else 0.0
    zero_s, end_s, duration_s = start_s - late_s, None, None
    if container.duration is not None:
        duration_s = container.duration / AV_TIME_BASE - (zero_s if reader in COUNTED_FROM_ZERO else 0.0)
    if stream.duration is not None:
        length_s = _seconds(stream, stream.duration)
        if reader == "asf":  # which gives every stream the length of the file
            duration_s = length_s
        else:
            end_s = late_s + length_s
    elif found := MATROSKA_DURATION.fullmatch(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = map(float, found.groups())
        end_s = 3600 * hours + 60 * minutes + seconds - zero_s
    return DeclaredTimes(zero_s, late_s, end_s, duration_s if end_s is None else end_s)


def _seconds(stream: Any, ticks: int) -> float:
    return float(ticks * (stream.time_base or 0))


__all__ = ["DeclaredTimes", "declared_times"]
