"""Decodes the frames of a video or an animation; runs in the worker (video_worker.py), beside PyAV and Pillow only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from .video_animation import Animation
from .video_clip import DAMAGED, Clip, NoVideoError, check_size
from .video_ends import is_cut, joined_at
from .video_formats import ANIMATION
from .video_rotation import upright
from .video_streams import shown_stream
from .video_times import declared_times, measured_end

# Transfer functions of HDR: PQ (SMPTE ST 2084) and HLG (ARIB STD-B67); those of sRGB and primaries of BT.709.
HDR, SRGB, BT709 = (16, 18), 13, 1
# Without a matrix in the file, players take that of BT.709 from this size on, and that of BT.601 below.
NO_MATRIX, HD_WIDTH, HD_HEIGHT = 2, 1280, 720
# Where nothing says how fast it is.
USUAL_RATE = 25.0
# What is missing at the end where the file is cut short, beside the last frame's own time.
MISSING_S = 1.0
AS_USUAL = "save it as MP4 (H.264)"


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

        # Of damage: seeking before the start, and streams that come on the way, which PyAV does not know.
        self._errors: tuple[type[Exception], ...] = (av.FFmpegError, OSError, ValueError, EOFError, IndexError)
        self._file, self._reader = file, reader
        # Kept, as it takes seconds to make the one that maps HDR to SDR.
        self._reformatter = VideoReformatter()
        self._size_wh: tuple[int, int] | None = None
        self._num_packets, self._last_place, self._is_broken_off = 0, 0, False
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
            raise NoVideoError(f"is encoded in a way that cannot be read here: {AS_USUAL}")
        check_size(context.width * context.height)
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
        second = joined_at(self._file, self._reader)
        self.has_more = second is not None and self._last_place < second

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
            if not packet.is_discard:
                self._last_place = max(self._last_place, packet.pos or 0)
            try:
                frames = self._stream.decode(packet)
            except self._errors:
                self.is_damaged, frames = True, []
            for frame in frames:
                if frame.is_corrupt:
                    self.is_damaged = True
                else:
                    yield frame

    def _pixels(self, frame: Any) -> np.ndarray | None:
        size_wh = width, height = self._size_wh or self._shown_size(frame)
        mapped = {"dst_color_trc": SRGB, "dst_color_primaries": BT709} if frame.color_trc in HDR else {}
        if frame.colorspace == NO_MATRIX and (frame.width >= HD_WIDTH or frame.height >= HD_HEIGHT):
            mapped["src_colorspace"] = BT709
        try:
            rgb = self._reformatter.reformat(frame, width, height, "rgb0", **mapped)
        except self._errors:  # YCgCo and others that FFmpeg's scaler lacks
            if self._size_wh is None:
                raise NoVideoError(f"has colours that cannot be read here: {AS_USUAL}") from None
            return None
        self._size_wh = size_wh
        plane = rgb.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)[:, : 4 * width]
        return upright(rows.reshape(height, width, 4), frame.side_data.get("DISPLAYMATRIX"))

    def _shown_size(self, frame: Any) -> tuple[int, int]:
        check_size(frame.width * frame.height)
        # Pixels that are not square, of television and tapes.
        ratio = float(self._stream.sample_aspect_ratio or 1) or 1.0
        width, height = max(1, round(frame.width * ratio)), frame.height
        check_size(width * height)
        return width, height


def open_clip(file: IO[bytes], kind: str) -> Clip:
    """Opens a clip.

    Args:
        file: at its start.
        kind: of `kind_of`.

    Raises:
        NoVideoError: it holds no frames that can be decoded.
    """
    return Animation(file) if kind == ANIMATION else EncodedClip(file, kind)


__all__ = ["open_clip"]
