"""A camera that shows a still clip of a portrait, with noise and a trembling hand; and what a visitor does with it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from .steps import EXAMPLES

SIZE_WH, FRAMES, FRAMES_PER_SECOND = (640, 480), 20, 10
LIVE_MS = 20_000
# What looks the same in every view.
ONE_VIEW = pytest.mark.parametrize("live", ["phone-dark"], indirect=True)
START, STOP = ".ga-live-start", ".ga-live-stop"
OFF = "text=The camera is off. No pictures are sent."
# A camera that opens when it is told to.
SLOW_CAMERA = """() => {
  const { mediaDevices } = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
  const held = window.held = [], streams = window.streams = [];
  mediaDevices.getUserMedia = async (wanted) => {
    await new Promise((go) => { held.push(go); });
    const stream = await open(wanted);
    streams.push(stream);
    return stream;
  };
}"""


def write_clip(path):
    """The example's portrait as raw video (https://wiki.multimedia.cx/index.php/YUV4MPEG2)."""
    photo = Image.open(EXAMPLES / "obama.jpg").convert("RGB")
    scale = max(wanted / side for wanted, side in zip(SIZE_WH, photo.size, strict=True))
    photo = photo.resize([round(side * scale) for side in photo.size])
    left = (photo.width - SIZE_WH[0]) // 2
    pixels = np.asarray(photo.crop((left, 0, left + SIZE_WH[0], SIZE_WH[1])).convert("YCbCr")).astype(np.float32)
    generator = np.random.default_rng(0)
    with path.open("wb") as clip:
        clip.write(f"YUV4MPEG2 W{SIZE_WH[0]} H{SIZE_WH[1]} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode())
        for _ in range(FRAMES):
            moved = np.roll(pixels, generator.integers(-1, 2, 2), axis=(0, 1))
            noisy = (moved + generator.normal(0, 2, pixels.shape)).clip(0, 255).astype(np.uint8)
            planes = noisy[..., 0], noisy[::2, ::2, 1], noisy[::2, ::2, 2]
            clip.write(b"FRAME\n" + b"".join(plane.tobytes() for plane in planes))


def start(page):
    """Starts the camera, and waits for the first answer."""
    page.click(START)
    page.wait_for_selector("#live-faces li")


def track(page):
    """Keeps the camera's track, and counts the pictures that are sent from now on."""
    sent = []
    page.evaluate("window.track = document.querySelector('#live-camera video').srcObject.getTracks()[0]")
    page.on("request", lambda request: sent.append(request.url) if "/stream/" in request.url else None)
    return sent


def is_off(page, sent) -> bool:
    """Whether the camera's light is out and nothing is sent, half a second later either."""
    page.wait_for_function("track.readyState === 'ended'")
    sent.clear()
    page.wait_for_timeout(500)
    # Those that end the stream.
    return [url for url in sent if not url.endswith("/close")] == []
