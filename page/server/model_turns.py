"""Shares the model among visitors photo by photo.

Missing in gradio: `concurrency_limit` counts events. A run of 500 photos is one event, which would keep the model to
itself for minutes, and a photo that takes long to open would keep everybody from it meanwhile. Issues: none was found.
Can go when: `test_a_long_event_keeps_its_place` in tests/page/server/test_gradio_requests.py fails.
"""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class FairSemaphore:
    """A semaphore whose places are given in the order in which they were asked for; a context manager.

    Args:
        places: how many threads may be inside at once.
    """

    def __init__(self, places: int) -> None:
        self._lock, self._free = threading.Lock(), places
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        turn = threading.Event()
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
