"""Runs the model on a ZeroGPU Space's GPU where there is one."""

from __future__ import annotations

import sys
from collections.abc import Callable

# For how long a ZeroGPU Space borrows the GPU at most; the shorter, the sooner it is a visitor's turn.
GPU_SECONDS = 30


def on_gpu(function: Callable) -> Callable:
    """`function` as a ZeroGPU Space runs it, in a process with a GPU; anywhere else `function` itself.

    ZeroGPU pickles arguments and results and changes exceptions: the predictor belongs in a closure, and errors come
    back as values.
    """
    spaces = sys.modules.get("spaces")  # app.py imports it first where it is installed
    return spaces.GPU(duration=GPU_SECONDS)(function) if spaces is not None else function
