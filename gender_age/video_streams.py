"""Which of a video's streams of pictures is shown, through PyAV."""

from __future__ import annotations

from typing import Any


def shown_stream(container: Any) -> Any:
    """The one that a player shows: a default one, of these the largest, of these the first; None where there is none.

    A song's cover and the thumbnails of a film's chapters are no videos. FFmpeg's `av_find_best_stream` goes by bit
    rates, which most files do not tell.
    """
    from av.stream import Disposition

    pictures = Disposition.attached_pic | Disposition.timed_thumbnails

    def rank(stream: Any) -> tuple[bool, bool, int]:
        context = stream.codec_context
        num_pixels = 0 if context is None else context.width * context.height
        return context is not None, bool(stream.disposition & Disposition.default), num_pixels

    streams = (stream for stream in container.streams.video if not stream.disposition & pictures)
    return max(streams, key=rank, default=None)


__all__ = ["shown_stream"]
