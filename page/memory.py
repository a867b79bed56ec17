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
from pathlib import Path

# From glibc's malloc.h.
M_ARENA_MAX = -8
STATM = Path("/proc/self/statm")
# Giving back takes 30 ms, and what is given back is fetched again for the next photo.
EVERY_S, WORTH_BYTES = 1.0, 64 * 2**20


def keep_memory_low() -> None:
    """To be called once, before the threads that analyse photos begin; does nothing where the C library is another."""
    # MTCNN's last networks see a new batch size with almost every photo, and oneDNN keeps compiled code for the last
    # 1,024 shapes. It reads this once, at the first convolution.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        threading.Thread(target=_give_back, name="memory", daemon=True).start()


def resident_bytes() -> int:
    """Memory that this process holds, where Linux tells it."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _give_back() -> None:
    trim, low = ctypes.CDLL(None).malloc_trim, 0
    while True:
        time.sleep(EVERY_S)
        if resident_bytes() - low > WORTH_BYTES:
            trim(0)
            low = resident_bytes()
