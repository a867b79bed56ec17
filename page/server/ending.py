"""Ends the process in time.

Missing in Python: at its end it waits for all threads of `concurrent.futures`, whatever they work on; a large photo
takes seconds. Issue: python/cpython#83859 (closed, as it is meant so).
Can go when: `test_python_waits_for_its_threads` in tests/page/server/test_ending.py fails.
"""

from __future__ import annotations

import os
import sys
import threading
import time

# After the files are deleted, which takes a moment.
SECONDS = 3.0


def end(*signal_and_frame: object) -> None:
    """A handler of SIGTERM: ends the process with all clean-ups, and without them after `SECONDS`.

    Raises:
        SystemExit: always.
    """
    threading.Thread(target=_end_late, name="ending", daemon=True).start()
    sys.exit(0)


def _end_late() -> None:
    time.sleep(SECONDS)
    os._exit(0)
