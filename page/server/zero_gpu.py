"""Runs the model on the GPU of a ZeroGPU Space, if the page runs on one.

Missing in gradio: nothing; the package `spaces` exists on Spaces only. There is no issue, and tests/test_zero_gpu.py
shows what a change of `spaces` breaks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

# The longest that a call may hold the GPU. ZeroGPU serves shorter calls sooner.
GPU_SECONDS = 30


def on_gpu(function: Callable) -> Callable:
    """Decorates `function` to run in a process with a GPU on ZeroGPU; elsewhere it returns `function` itself.

    ZeroGPU pickles arguments and results, and replaces exceptions: keep the predictor in a closure, and return errors
    as values.
    """
    spaces = sys.modules.get("spaces")  # app.py imports it first where it is installed
    return spaces.GPU(duration=GPU_SECONDS)(function) if spaces is not None else function
