"""Clips that tests compose: portraits that move over a plain background, encoded with PyAV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.conftest import REPOSITORY

SIZE_WH = (640, 360)
TICKS = 1000
"""In a second, for clips whose frames are not regular."""


@dataclass(frozen=True)
class Actor:
    """A picture that moves: `place` tells where its centre is at a time, in shares of the frame, and its height."""

    picture: Image.Image
    place: Callable[[float], tuple[float, float, float] | None]


def portrait(name: str, box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """An example, or a part of it."""
    with Image.open(REPOSITORY / "examples" / name) as image:
        return image.convert("RGB").crop(box) if box else image.convert("RGB")


def still(x: float, y: float = 0.5, height: float = 0.8) -> Callable[[float], tuple[float, float, float]]:
    return lambda time_s: (x, y, height)


def moving(
    start_x: float, end_x: float, seconds: float, y: float = 0.5, heights: tuple[float, float] = (0.7, 0.7)
) -> Callable[[float], tuple[float, float, float]]:
    def place(time_s: float) -> tuple[float, float, float]:
        share = min(1.0, time_s / seconds)
        return start_x + share * (end_x - start_x), y, heights[0] + share * (heights[1] - heights[0])

    return place


def frame_at(actors: Sequence[Actor], time_s: float, size_wh: tuple[int, int] = SIZE_WH) -> Image.Image:
    """The actors at a time, the last one in front."""
    width, height = size_wh
    frame = Image.new("RGB", size_wh, (96, 112, 104))
    for actor in actors:
        place = actor.place(time_s)
        if place is None:
            continue
        x, y, share = place
        high = max(2, round(share * height))
        copy = actor.picture.resize((max(2, round(high * actor.picture.width / actor.picture.height)), high))
        frame.paste(copy, (round(x * width - copy.width / 2), round(y * height - copy.height / 2)))
    return frame


def regular(seconds: float, rate: float) -> Iterator[float]:
    return (number / rate for number in range(round(seconds * rate)))


def write_clip(
    path: Path,
    actors: Sequence[Actor],
    seconds: float = 2.0,
    rate: float = 10,
    size_wh: tuple[int, int] = SIZE_WH,
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rotation: int = 0,
    with_audio: bool = False,
    last_s: float | None = None,
    container_options: dict[str, str] | None = None,
    change: Callable[[av.VideoFrame], av.VideoFrame] | None = None,
    **stream_values: object,
) -> Path:
    """Encodes a clip.

    Args:
        times_s: of the frames, where they are not regular.
        rotation: counter-clockwise degrees that a player has to turn the frames by.
        with_audio: 64 ms of silence, from 0 on.
        last_s: how long the last frame is shown, where it is not as long as the others.
        change: made to every frame before it is encoded.
        stream_values: attributes of the codec context.
    """
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = *size_wh, pixel_format
        tick = 1 / Fraction(rate).limit_denominator(1000) if times_s is None else Fraction(1, TICKS)
        stream.time_base = stream.codec_context.time_base = tick
        for name, value in stream_values.items():
            setattr(stream.codec_context, name, value)
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=16_000, layout="mono") if with_audio else None
        packets = []
        for time_s in times_s if times_s is not None else regular(seconds, rate):
            frame = av.VideoFrame.from_image(frame_at(actors, time_s, size_wh))
            if change is not None:
                frame = change(frame)
            frame.pts, frame.time_base = round(time_s / tick), tick
            packets += stream.encode(frame)
        packets += stream.encode()
        if last_s is not None:
            packets[-1].duration = round(last_s / packets[-1].time_base)
        container.mux(packets)
        if sound is not None:
            noise = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            noise.rate, noise.pts = 16_000, 0
            container.mux(sound.encode(noise))
            container.mux(sound.encode())
    return path
