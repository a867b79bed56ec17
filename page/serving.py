"""How the page runs the model: one call at a time, on a ZeroGPU Space's GPU where there is one; and how long files
stay."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = tuple(
    ROOT / "examples" / name
    for name in (
        "group.jpg",
        "collins.jpg",
        "obama.jpg",
        "hopper.jpg",
        "collins-sideways-exif.jpg",
        "obama-turned.jpg",
        "hopper-small-dim.jpg",
    )
)
# Uploads and downloads are looked at every ten minutes and deleted once half an hour old.
CLEAN_EVERY_S, CLEAN_OLDER_S = 600, 1800
# What the page keeps of a photo in memory goes as soon.
STATE_SECONDS = CLEAN_OLDER_S
# For how long a ZeroGPU Space borrows the GPU at most; the shorter, the sooner it is a visitor's turn.
GPU_SECONDS = 30
# Photos are analysed and explained one at a time, whoever asks: a second run would only slow both. Live streams alone
# run beside it, in places of their own (live_tab.py): a stream lasts, and each of its pictures is soon answered.
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "model"}


def on_gpu(function: Callable) -> Callable:
    """`function` as a ZeroGPU Space runs it, in a process with a GPU; anywhere else `function` itself.

    ZeroGPU pickles arguments and results and changes exceptions: the predictor belongs in a closure, and errors come
    back as values.
    """
    spaces = sys.modules.get("spaces")  # app.py imports it first where it is installed
    return spaces.GPU(duration=GPU_SECONDS)(function) if spaces is not None else function
