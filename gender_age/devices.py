"""Where the model runs: the GPU if there is one that works, or the device that was asked for."""

from __future__ import annotations

import logging
import sys

import torch

# Of a device that is not there or too old for torch's kernels; AssertionError: torch built without CUDA.
UNUSABLE = (RuntimeError, AssertionError)

logger = logging.getLogger(__name__)


def default_device() -> str:
    """The GPU if there is one that works, else the CPU; a GPU that does not is a warning."""
    if not torch.cuda.is_available():
        return "cpu"
    if "spaces" in sys.modules:  # on ZeroGPU, the GPU comes later
        return "cuda"
    try:
        check_device("cuda")
    except UNUSABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        logger.warning("The GPU cannot be used (%s): the CPU is used.", reason)
        return "cpu"
    return "cuda"


def check_device(device: str | torch.device) -> None:
    """Computes something on a device.

    Raises:
        RuntimeError, AssertionError: it cannot.
    """
    (torch.ones(1, device=device) + 1).item()


__all__ = ["UNUSABLE", "check_device", "default_device"]
