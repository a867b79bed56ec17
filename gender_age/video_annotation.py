"""Draws the people of a video into a copy of it: numbered boxes follow the faces, with the answer of all frames."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Generator
from fractions import Fraction
from typing import Any

from PIL import Image

from .face_drawing import Rectangle, draw_boxes
from .video_reader import VideoReader
from .video_results import PersonPrediction, VideoPrediction

# Of the copy. Nobody sees more frames a second on a face.
LONGEST_SIDE, FASTEST_S = 1920, 1 / 30
# Between two sightings a box moves evenly, unless they are further apart; a box goes this long after the last one.
LONGEST_GAP_S, AFTER_S = 1.0, 0.2
TICKS = 90_000
# The writer takes no frame that lasts 2**31 ticks.
LONGEST_HOLD_S = 6 * 3600.0
CODEC, OPTIONS = "libx264", {"preset": "veryfast", "crf": "23"}
ITU709 = 1


def annotate(
    video: str | os.PathLike, prediction: VideoPrediction, out: str | os.PathLike, longest_side: int = LONGEST_SIDE
) -> Generator[VideoReader, None, None]:
    """Writes the copy as MP4 (H.264), without sound; its clock is the video's, and its last frame lasts as long.

    Where the video's pictures begin late, the first of them is shown from the start.

    Args:
        video: the path of the video.
        prediction: what `predict_video` has said of it.
        out: where the copy is written; a file there is replaced.
        longest_side: of the copy, in pixels; a larger video is reduced.

    Yields:
        The reader after each frame, which knows how far it is.

    Raises:
        PhotoError, VideoError: the video cannot be used.
        OSError: the copy cannot be written.
    """
    import av

    with (
        VideoReader(video, FASTEST_S) as reader,
        av.open(os.fspath(out), "w", format="mp4", options={"movflags": "faststart"}) as container,
    ):
        stream: Any = container.add_stream(CODEC, rate=30, options=OPTIONS)
        context = stream.codec_context
        stream.pix_fmt, context.time_base = "yuv420p", Fraction(1, TICKS)
        context.max_b_frames = 0  # so that the last packet is that of the last frame
        context.colorspace = context.color_primaries = context.color_trc = ITU709
        last_tick, size_wh = -1, None
        for frame in reader:
            if size_wh is None:
                size_wh = stream.width, stream.height = _even(frame.image_rgb.size, longest_side)
            drawn = av.VideoFrame.from_image(with_people(frame.image_rgb, prediction.people, frame.time_s, size_wh))
            encoded = drawn.reformat(format="yuv420p", dst_colorspace=ITU709)
            # Players differ in what they show before a first frame that is not at 0.
            last_tick = 0 if last_tick < 0 else max(last_tick + 1, round(frame.time_s * TICKS))
            encoded.pts, encoded.time_base = last_tick, context.time_base
            container.mux(stream.encode(encoded))
            yield reader
        packets = stream.encode()
        left = (reader.duration_s or 0.0) * TICKS - last_tick
        if packets and left >= 1 and not reader.is_damaged:
            packets[-1].duration = round(min(left, LONGEST_HOLD_S * TICKS))
        container.mux(packets)


def with_people(
    image_rgb: Image.Image, people: tuple[PersonPrediction, ...], time_s: float, size_wh: tuple[int, int]
) -> Image.Image:
    """A frame with the boxes of its time, resized."""
    scale_x, scale_y = (new / old for new, old in zip(size_wh, image_rgb.size, strict=True))
    if image_rgb.size != size_wh:
        image_rgb = image_rgb.resize(size_wh, Image.Resampling.BILINEAR, reducing_gap=2.0)
    boxes, shown, numbers = [], [], []
    for number, person in enumerate(people, 1):
        box = box_at(person, time_s)
        if box is not None:
            x1, y1, x2, y2 = box
            boxes.append((x1 * scale_x, y1 * scale_y, x2 * scale_x, y2 * scale_y))
            shown.append(person)
            numbers.append(number)
    return draw_boxes(image_rgb, boxes, shown, numbers)


def box_at(person: PersonPrediction, time_s: float) -> Rectangle | None:
    """Where a person's face is at a time, in pixels of the video's frames; None where it is not in view."""
    seen = person.seen
    # Timestamps of both passes are the same but for rounding.
    after = bisect_right(seen, time_s + 1e-3, key=lambda face: face.time)
    if after == 0:
        return None
    before = seen[after - 1]
    if after < len(seen) and seen[after].time - before.time <= LONGEST_GAP_S:
        share = max(0.0, (time_s - before.time) / (seen[after].time - before.time))
        x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(before.box, seen[after].box, strict=True))
        return x1, y1, x2, y2
    return before.box if time_s - before.time <= AFTER_S else None


def _even(size_wh: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """The size of the copy, of even sides, as H.264 wants them."""
    scale = min(1.0, longest_side / max(size_wh))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in size_wh)
    return width, height


__all__ = ["annotate"]
