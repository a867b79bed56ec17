"""Opens the pictures of the browser's camera."""

from __future__ import annotations

import base64
import io
from functools import cache

from gradio.data_classes import ImageData
from PIL import Image

from gender_age.errors import GenderAgeError
from gender_age.guarded_opener import GuardedOpener
from gender_age.images import BOMB, DAMAGED
from gender_age.jpeg_segments import read_jpeg
from gender_age.photo_bytes import PhotoBytes
from gender_age.photo_file import PhotoFile

FRAME_SIDE = 640
"""Longer side of a frame, in pixels."""
# A picture as it is sent: many times the base64 of 640 × 480 pixels, and a longer side than any camera's.
MAX_CHARACTERS, MAX_SIDE = 1_500_000, 4096
# A browser writes one scan. A picture of 100 kB with many took 21 s; this number takes 0.2 s.
MAX_SCANNED_PIXELS = 100_000_000


@cache
def camera_opener() -> GuardedOpener:
    """An opener whose one worker is for the camera's pictures: they do not wait for large photos."""
    return GuardedOpener(workers=1)


def camera_frame(payload: ImageData | None) -> Image.Image | None:
    """The picture that the browser sent, RGB and at most 640 pixels on its longer side; None if it is not one.

    The camera sends a JPEG as a data URI. gradio's own `preprocess` opens any format of any size, and fails with a
    traceback on what is not a picture (gradio#6489, open; see photo_input.py).
    """
    start, _, data = ((payload and payload.url) or "").partition(",")
    if not start.startswith("data:image/jpeg") or len(data) > MAX_CHARACTERS:
        return None
    try:
        sent = base64.b64decode(data, validate=True)
        file = PhotoFile(io.BytesIO(sent))
        num_scans = read_jpeg(file).num_scans
        file.seek(0)
        jpeg = Image.open(file, formats=("JPEG",))
        if max(jpeg.size) > MAX_SIDE or num_scans * jpeg.width * jpeg.height > MAX_SCANNED_PIXELS:
            return None
        frame_rgb = camera_opener()(PhotoBytes(sent, "camera.jpg"))
    except (*BOMB, *DAMAGED, GenderAgeError):
        return None
    frame_rgb.thumbnail((FRAME_SIDE, FRAME_SIDE), Image.Resampling.BILINEAR)
    return frame_rgb
