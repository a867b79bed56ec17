"""Memory that photos took goes back to the machine, and is there for the next one, whichever thread looks at it.

gradio takes another thread for almost every photo, and glibc's `malloc` lets each keep what it freed: after 500 photos
the page held a gigabyte that nobody used. It returns none of it by itself while later pieces above are in use.
"""

from __future__ import annotations

import ctypes
import os
import platform
import threading
import time

# From glibc's malloc.h.
M_ARENA_MAX = -8
# Giving back takes 30 ms, and is of use once something was done since: not where the processor was busy for less.
EVERY_S, IDLE_S = 1.0, 0.05


def keep_memory_low() -> None:
    """To be called once, before the threads that analyse photos begin; does nothing where the C library is another."""
    # MTCNN's last networks see a new batch size with almost every photo, and oneDNN keeps compiled code for the last
    # 1,024 shapes. It reads this once, at the first convolution.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        threading.Thread(target=_give_back, name="memory", daemon=True).start()


def _give_back() -> None:
    trim, worked_s = ctypes.CDLL(None).malloc_trim, 0.0
    while True:
        time.sleep(EVERY_S)
        if time.process_time() - worked_s > IDLE_S:
            trim(0)
            worked_s = time.process_time()
