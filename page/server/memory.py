"""Returns freed memory to the operating system.

Missing in gradio: nothing that it could mend. It runs almost every photo in another thread of its pool, and glibc's
`malloc` has an arena of freed memory for each thread, which it does not return while later blocks above are in use.
After 500 photos the page held a gigabyte of free memory.
Issue: none of gradio's; gradio#11602 (closed) reports the symptom. This is how glibc is documented (`mallopt`).
Can go when: in tests/page/server/test_memory.py the counterparts without it ("as it is", "kept") fail.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import threading
import time

# From glibc's malloc.h.
M_ARENA_MAX = -8
# Trimming takes 30 ms: skipped where the process has used less processor time than this since the last time.
EVERY_S, IDLE_S = 1.0, 0.05


def keep_memory_low() -> None:
    """Call it once, before the threads that analyse photos start. Without glibc it leaves `malloc` alone."""
    # The batch size of MTCNN's last networks differs with almost every photo, and oneDNN caches compiled code for the
    # last 1,024 shapes. It reads this variable once, at the first convolution.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        threading.Thread(target=_give_back, name="memory", daemon=True).start()


def _give_back() -> None:
    trim, worked_s = ctypes.CDLL(None).malloc_trim, 0.0
    while True:
        time.sleep(EVERY_S)
        if time.process_time() - worked_s > IDLE_S:
            trim(0)
            worked_s = time.process_time()
