"""The frames of a GIF or WebP animation; runs in the worker, as video_decoding.py does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np
from PIL import Image, ImageSequence

from .formats import FORMATS
from .refusals import BOMB
from .video_clip import DAMAGED, TOO_LARGE, Clip, NoVideoError, check_size

DAMAGED_ANIMATION = (OSError, ValueError, EOFError, SyntaxError, IndexError, KeyError, TypeError)


class Animation(Clip):
    """A GIF or WebP animation, by Pillow."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._image = Image.open(file, formats=FORMATS)
        except BOMB:
            raise NoVideoError(TOO_LARGE) from None
        except DAMAGED_ANIMATION:
            raise NoVideoError(DAMAGED) from None
        check_size(self._image.width * self._image.height)

    def _decoded(self) -> Iterator[tuple[float, Image.Image]]:
        time_s = 0.0
        frames = ImageSequence.Iterator(self._image)
        while True:
            try:
                frame = next(frames)
                frame.load()
            except StopIteration:
                self.duration_s = time_s
                return
            except (*DAMAGED_ANIMATION, *BOMB):  # a frame may be larger than the first
                self.is_damaged = True
                return
            yield time_s, frame
            # Browsers take 0.1 s for what is too short to be meant.
            milliseconds = frame.info.get("duration", 0)
            time_s += milliseconds / 1000 if milliseconds > 10 else 0.1

    def _pixels(self, frame: Image.Image) -> np.ndarray:
        over_white = Image.new("RGBA", frame.size, "white")
        over_white.alpha_composite(frame.convert("RGBA"))
        return np.asarray(over_white)


__all__ = ["Animation"]
