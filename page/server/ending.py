"""Ends the process in time.

Missing in Python: at its end it waits for all threads of `concurrent.futures`, whatever they work on, and a large photo
takes seconds; and threads of torch that are still at work then abort the process. Issue: python/cpython#83859 (closed,
as it is meant so).
Can go when: `test_python_waits_for_its_threads` in tests/page/server/test_ending.py fails.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

# For the clean-ups, which take a moment.
SECONDS = 3.0


def end(*signal_and_frame: object) -> None:
    """A signal handler for the main thread: runs its clean-ups, for `SECONDS` at most, and ends the process.

    Raises:
        SystemExit: always.
    """
    threading.Thread(target=_end_after_main_thread, name="ending").start()
    sys.exit(0)


def _end_after_main_thread() -> None:
    threading.main_thread().join(SECONDS)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the terminal is gone
            stream.flush()
    os._exit(0)
