"""A clip that is open, encoded or an animation, and what a file without one raises."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

# The largest of action cameras have 5.3K.
MAX_FRAME_PIXELS = 16_000_000
# Rounding of timestamps.
TINY_S = 1e-4
# A frame may come so much too early: the clocks of MKV, WebM and FLV count milliseconds, so that frames of 30 a second
# come after 33 or 34. It is less than a step of 240 frames a second, which are sampled as all others.
EARLY_S = 0.002
DAMAGED = "is damaged or cut short: save or download it again"
NO_MEMORY = "does not fit into memory: save it smaller and try again"
TOO_LARGE = (
    f"is too large: the limit is {MAX_FRAME_PIXELS // 1_000_000} megapixels a frame, save it smaller and try again"
)


class NoVideoError(Exception):
    """The file holds no frames that can be decoded; the message says what is wrong, after its name."""


class Clip(ABC):
    """A clip that is open; `frames` may be read once.

    Attributes:
        duration_s: when its pictures end; None where that is not known yet. After a file that was cut short: when they
            should have ended.
        is_damaged: whether something could not be read so far.
        has_more: whether the file goes on with another recording, which was not read.
    """

    duration_s: float | None = None
    is_damaged = has_more = False

    @abstractmethod
    def _decoded(self) -> Iterator[tuple[float, Any]]:
        """All frames with their times in seconds from the clip's start, which do not decrease."""

    @abstractmethod
    def _pixels(self, frame: Any) -> np.ndarray | None:
        """`(height, width, 4)` uint8: RGB, upright, and a byte that means nothing; None of a frame that is damaged."""

    def frames(self, every_s: float) -> Iterator[tuple[float, np.ndarray]]:
        """The first frame of every `every_s` seconds, by their timestamps: time and pixels. 0 gives all frames.

        Of at most `1 / every_s` frames a second all are given, also where their timestamps are rounded to milliseconds.

        Raises:
            NoVideoError: frames have more than `MAX_FRAME_PIXELS`.
        """
        due_s, last_s = 0.0, -math.inf
        for time_s, frame in self._decoded():
            if time_s + TINY_S < due_s and time_s - last_s < every_s - EARLY_S:
                continue
            pixels = self._pixels(frame)
            if pixels is None:
                self.is_damaged = True
                continue
            if every_s:
                due_s, last_s = every_s * (math.floor((time_s + EARLY_S) / every_s) + 1), time_s
            yield time_s, pixels


def check_size(num_pixels: int) -> None:
    """
    Raises:
        NoVideoError: a frame has too many pixels.
    """
    if num_pixels > MAX_FRAME_PIXELS:
        raise NoVideoError(TOO_LARGE)


__all__ = ["DAMAGED", "MAX_FRAME_PIXELS", "NO_MEMORY", "TOO_LARGE", "Clip", "NoVideoError", "check_size"]
