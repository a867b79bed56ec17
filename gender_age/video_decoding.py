"""Decodes the frames of a video or an animation; runs in the worker (video_worker.py), beside PyAV and Pillow only."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from PIL import Image, ImageSequence

from .formats import FORMATS
from .video_ends import is_cut
from .video_formats import ANIMATION
from .video_rotation import upright
from .video_streams import shown_stream
from .video_times import declared_times, measured_end

# The largest of action cameras have 5.3K.
MAX_FRAME_PIXELS = 16_000_000
# Transfer functions of HDR: PQ (SMPTE ST 2084) and HLG (ARIB STD-B67); those of sRGB and primaries of BT.709.
HDR, SRGB, BT709 = (16, 18), 13, 1
# Where nothing says how fast it is.
USUAL_RATE = 25.0
# What is missing at the end where the file is cut short, beside the last frame's own time.
MISSING_S = 1.0
# Rounding of timestamps.
TINY_S = 1e-4
DAMAGED = "is damaged or cut short: save or download it again"
DAMAGED_ANIMATION = (OSError, ValueError, EOFError, SyntaxError, IndexError, KeyError, TypeError)


class NoVideoError(Exception):
    """The file holds no frames that can be decoded; the message says what is wrong, after its name."""


class Clip(ABC):
    """A clip that is open; `frames` may be read once.

    Attributes:
        duration_s: when its pictures end; None where that is not known yet. After a file that was cut short: when they
            should have ended.
        is_damaged: whether something could not be read so far.
    """

    duration_s: float | None = None
    is_damaged = False

    @abstractmethod
    def _decoded(self) -> Iterator[tuple[float, Any]]:
        """All frames with their times in seconds from the clip's start, which do not decrease."""

    @abstractmethod
    def _pixels(self, frame: Any) -> np.ndarray:
        """`(height, width, 4)` uint8: RGB, upright, and a byte that means nothing."""

    def frames(self, every_s: float) -> Iterator[tuple[float, np.ndarray]]:
        """The first frame of every `every_s` seconds, by their timestamps: time and pixels. 0 gives all frames.

        Raises:
            NoVideoError: frames have more than `MAX_FRAME_PIXELS`.
        """
        due_s = 0.0
        for time_s, frame in self._decoded():
            if time_s + TINY_S >= due_s:
                if every_s:
                    due_s = every_s * (math.floor((time_s + TINY_S) / every_s) + 1)
                yield time_s, self._pixels(frame)


class EncodedClip(Clip):
    """A video, by PyAV.

    Args:
        file: at its start.
        reader: FFmpeg's name of it.

    Raises:
        NoVideoError: it holds no video, or one that cannot be decoded here.
    """

    def __init__(self, file: IO[bytes], reader: str) -> None:
        import av
        from av.video.reformatter import VideoReformatter

        self._errors: tuple[type[Exception], ...] = (av.FFmpegError, ValueError, EOFError)
        self._file, self._reader = file, reader
        # Kept, as it takes seconds to make the one that maps HDR to SDR.
        self._reformatter = VideoReformatter()
        self._size_wh: tuple[int, int] | None = None
        self._num_packets, self._is_broken_off = 0, False
        self._open()
        self._times = declared_times(self._container, self._stream, reader)
        self._step_s = 1 / float(self._stream.guessed_rate or USUAL_RATE)
        self.duration_s = self._measured() or self._times.duration_s

    def _open(self) -> None:
        import av

        self._file.seek(0)
        try:
            self._container: Any = av.open(self._file, format=self._reader, metadata_errors="replace")
        except self._errors:
            raise NoVideoError(DAMAGED) from None
        stream = shown_stream(self._container)
        if stream is None:
            # Where the list of streams is cut, some of them may be there.
            is_whole = self._container.streams and not is_cut(self._file, self._reader)
            raise NoVideoError("holds no pictures, only sound or text: choose another video" if is_whole else DAMAGED)
        self._stream, context = stream, stream.codec_context
        if context is None:
            raise NoVideoError("is encoded in a way that cannot be read here: save it as MP4 (H.264)")
        _check_size(context.width * context.height)
        context.thread_count = 1

    def _measured(self) -> float | None:
        """When the pictures end by their packets. Seeking back to the first is not exact in every format."""
        try:
            return measured_end(self._packets(), self._times, self._step_s)
        finally:
            self._container.close()
            self._open()

    def _decoded(self) -> Iterator[tuple[float, Any]]:
        step_s = self._step_s
        last_s, shift_s, longest_s, length_s = self._times.late_s - step_s, -self._times.zero_s, step_s, 0.0
        for frame in self._frames():
            time_s = last_s + step_s if frame.time is None else frame.time + shift_s
            if time_s < last_s and self.is_damaged and self._times.end_s is not None:
                continue  # what a decoder makes of damage comes out of order
            if time_s < last_s:  # where recordings were joined, or its clock has run over
                shift_s += last_s + step_s - time_s
                time_s = last_s + step_s
            time_s = max(time_s, 0.0)
            longest_s = max(longest_s, time_s - last_s)
            last_s, length_s = time_s, float((frame.duration or 0) * (frame.time_base or 0))
            yield last_s, frame
        end_s = self._times.end_after(last_s, length_s, step_s)
        is_short = self._is_short(end_s, 2 * longest_s)
        self.is_damaged = self.is_damaged or is_short
        self.duration_s = max(last_s, self._times.duration_s or 0.0) if is_short else end_s

    def _is_short(self, end_s: float, missing_s: float) -> bool:
        """Whether pictures are missing at the end, for which `end_s` is when the last one ends."""
        cut = is_cut(self._file, self._reader)
        if cut is None:
            # Of MP4 without fragments, all of which are listed.
            has_all = 0 < self._stream.frames <= self._num_packets
            is_later = self._times.end_s is not None and self._times.end_s - end_s > MISSING_S + missing_s
            return self._is_broken_off or (is_later and not has_all)
        # In a file that is whole, what was put behind it breaks off reading as well.
        is_later = self._times.duration_s is None or self._times.duration_s - end_s > missing_s
        return cut or (self._is_broken_off and is_later)

    def _packets(self) -> Iterator[Any]:
        """All packets; at the end an empty one, for which the decoder gives what it still has."""
        import av

        try:
            yield from self._container.demux(self._stream)
        except self._errors:
            self._is_broken_off = True
            yield av.Packet()

    def _frames(self) -> Iterator[Any]:
        for packet in self._packets():
            self._num_packets += packet.size > 0
            try:
                frames = self._stream.decode(packet)
            except self._errors:
                self.is_damaged, frames = True, []
            for frame in frames:
                if frame.is_corrupt:
                    self.is_damaged = True
                else:
                    yield frame

    def _pixels(self, frame: Any) -> np.ndarray:
        if self._size_wh is None:
            _check_size(frame.width * frame.height)
            # Pixels that are not square, of television and tapes.
            ratio = float(self._stream.sample_aspect_ratio or 1) or 1.0
            self._size_wh = max(1, round(frame.width * ratio)), frame.height
            _check_size(self._size_wh[0] * self._size_wh[1])
        mapped = {"dst_color_trc": SRGB, "dst_color_primaries": BT709} if frame.color_trc in HDR else {}
        width, height = self._size_wh
        rgb = self._reformatter.reformat(frame, width, height, "rgb0", **mapped)
        plane = rgb.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)[:, : 4 * width]
        return upright(rows.reshape(height, width, 4), frame.side_data.get("DISPLAYMATRIX"))


class Animation(Clip):
    """A GIF or WebP animation, by Pillow."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._image = Image.open(file, formats=FORMATS)
        except DAMAGED_ANIMATION:
            raise NoVideoError(DAMAGED) from None
        _check_size(self._image.width * self._image.height)

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
            except DAMAGED_ANIMATION:
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


def open_clip(file: IO[bytes], kind: str) -> Clip:
    """Opens a clip.

    Args:
        file: at its start.
        kind: of `kind_of`.

    Raises:
        NoVideoError: it holds no frames that can be decoded.
    """
    return Animation(file) if kind == ANIMATION else EncodedClip(file, kind)


def _check_size(num_pixels: int) -> None:
    if num_pixels > MAX_FRAME_PIXELS:
        limit = f"{MAX_FRAME_PIXELS // 1_000_000} megapixels a frame"
        raise NoVideoError(f"is too large: the limit is {limit}, save it smaller and try again")


__all__ = ["Clip", "NoVideoError", "open_clip"]
