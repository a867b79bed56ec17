"""Memory that a photo took is there for the next one, whichever thread looks at it."""

from __future__ import annotations

import ctypes
import os
import sys

# From glibc's malloc.h.
M_ARENA_MAX = -8


def share_freed_memory() -> None:
    """To be called once, before the threads that analyse photos begin.

    glibc lets every thread keep freed memory to itself, and gradio takes another thread for almost every photo: after
    500 photos the page held a gigabyte that nobody used. MTCNN's last networks, too, see a new batch size with almost
    every photo, and oneDNN keeps compiled code for the last 1,024 shapes; it reads the limit at the first convolution.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # Alpine's C library has none, and no arenas
        mallopt(M_ARENA_MAX, 1)
