"""Colours of clips, by the matrix and range that the file names, or by its size where it names none."""

import av
import numpy as np
import pytest

from gender_age import video_reader
from gender_age.video_reader import VideoReader

from .clips import write_clip

BT709, NO_MATRIX, BT470BG, BT601 = 1, 2, 5, 6
LIMITED, FULL = 1, 2
RED = (200, 40, 40)


@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize(
    ("size_wh", "tag", "matrix"),
    [
        ((640, 360), NO_MATRIX, BT601),
        ((1024, 576), NO_MATRIX, BT601),
        ((1280, 534), NO_MATRIX, BT709),
        ((96, 720), NO_MATRIX, BT709),
        ((640, 360), BT709, BT709),
        ((1280, 720), BT709, BT709),
        ((640, 360), BT601, BT601),
        ((1280, 720), BT601, BT601),
        ((1280, 720), BT470BG, BT601),
    ],
)
def test_colours_are_those_of_the_tag_or_of_the_size(tmp_path, monkeypatch, size_wh, tag, matrix, colour_range):
    monkeypatch.setattr(video_reader, "has_limits", lambda: False)

    def red(frame):
        drawn = av.VideoFrame.from_ndarray(np.full((*size_wh[::-1], 3), RED, np.uint8), format="rgb24")
        drawn = drawn.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range=colour_range)
        drawn.colorspace = tag
        return drawn

    values = {"size_wh": size_wh, "colorspace": tag, "color_range": colour_range}
    path = write_clip(tmp_path / "a.mp4", [], seconds=0.2, change=red, **values)
    with VideoReader(path, 0.0) as reader:
        frame = next(iter(reader))
    assert frame.image_rgb.getpixel((size_wh[0] // 2, size_wh[1] // 2)) == pytest.approx(RED, abs=3)
