"""Times of a video, through PyAV: where its clock begins, and when its pictures end, as declared and as measured."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Of FFmpeg: a second.
AV_TIME_BASE = 1_000_000
# Sound that begins so much earlier is what its encoder has put before it.
PADDING_S = 0.1
# Readers whose length of a file is that from zero, not from its first timestamp.
COUNTED_FROM_ZERO = ("matroska", "flv")
MATROSKA_DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
# Where the file does not say how long its last frame is shown, no longer than this is believed.
LONGEST_LAST_S = 10.0
ROUNDING_S = 0.01
# For looking at all packets: a film of gigabytes is read frame by frame without.
MEASURING_S = 5.0


@dataclass(frozen=True, slots=True)
class DeclaredTimes:
    """Times of a clip, in seconds.

    Attributes:
        zero_s: the timestamp that a player's clock calls 0: of the first picture, or of sound that begins before it.
        late_s: when the first picture comes, by that clock.
        end_s: when the pictures end, by that clock; None where nothing says it.
        duration_s: `end_s`, or else that of all streams; None where nothing says that either.
        has_lengths: whether its packets say how long a picture is shown.
    """

    zero_s: float
    late_s: float
    end_s: float | None
    duration_s: float | None
    has_lengths: bool

    def end_after(self, last_s: float, length_s: float, step_s: float) -> float:
        """When the pictures end: as declared where their times allow it, as headers say any number.

        Args:
            last_s: when the last picture comes, by the clip's clock.
            length_s: how long it is shown, as its packet says; 0 where it does not.
            step_s: how long a picture is usually shown.
        """
        latest_s = last_s + (length_s if length_s and self.has_lengths else LONGEST_LAST_S)
        if self.duration_s is not None and last_s + ROUNDING_S < self.duration_s <= latest_s + ROUNDING_S:
            return self.duration_s
        return last_s + (length_s or step_s)


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
    return DeclaredTimes(zero_s, late_s, end_s, duration_s if end_s is None else end_s, reader != "avi")


def measured_end(packets: Iterable[Any], times: DeclaredTimes, step_s: float) -> float | None:
    """When the pictures really end, by the clip's clock: without decoding, from the times of their packets.

    Args:
        packets: all of them, of PyAV.
        step_s: how long a picture is usually shown.

    Returns:
        None where that takes too long, or there are no times.
    """
    deadline_s = time.monotonic() + MEASURING_S
    shift, length_s = 0, 0.0
    previous: int | None = None
    last_s: float | None = None
    for packet in packets:
        if time.monotonic() > deadline_s:
            return None
        if packet.dts is not None:
            if previous is not None and packet.dts + shift < previous:  # where recordings were joined
                shift = previous + round(step_s / packet.time_base) - packet.dts
            previous = packet.dts + shift
        shown = packet.dts if packet.pts is None else packet.pts
        if shown is None or packet.is_discard:
            continue
        shown_s = float((shown + shift) * packet.time_base)
        if last_s is None or shown_s >= last_s:
            last_s, length_s = shown_s, float((packet.duration or 0) * packet.time_base)
    return None if last_s is None else times.end_after(max(0.0, last_s - times.zero_s), length_s, step_s)


def _seconds(stream: Any, ticks: int) -> float:
    return float(ticks * (stream.time_base or 0))


__all__ = ["DeclaredTimes", "declared_times", "measured_end"]
