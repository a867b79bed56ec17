"""Opens photos in worker processes with hard limits on memory, processor time and all else (opening_worker.py).

The checks in front of Pillow know the kinds of files that were found to hurt; these limits hold for the others.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import weakref
from contextlib import suppress

import numpy as np
from PIL import Image

from .errors import PhotoError
from .images import MAX_PIXELS, Opener, Photo, open_photo, opened_file, upright
from .photo_reading import Picture
from .refusals import damaged, too_slow
from .worker_process import WorkerEndedError, WorkerProcess

WORKERS = 2
# Four times the processor time that the largest photo may take: the machine may be busy, and a worker has a lower
# priority.
DEADLINE_S = 20.0

logger = logging.getLogger(__name__)


class GuardedOpener:
    """`open_photo` in a small pool of worker processes; a context manager.

    Workers start with the first photos, are replaced when they end or have opened a thousand photos, and end with this
    process. Images and arrays are decoded already, or are the caller's own, and are opened here.

    Args:
        workers: the most photos that are opened at once; others wait.
        deadline_s: seconds that one photo may take.

    Example:
        ```python
        with GuardedOpener() as opener:
            predictor = GenderAgePredictor.from_pretrained(opener=opener)
        ```
    """

    def __init__(self, workers: int = WORKERS, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._turns = threading.BoundedSemaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._pid = os.getpid()
        self._finalizer = weakref.finalize(self, _end_all, self._idle)

    def __call__(self, photo: Photo, max_pixels: int = MAX_PIXELS) -> Image.Image:
        """See `open_photo`.

        Raises:
            PhotoError: the photo cannot be used, or takes more memory or time than a photo of its size.
        """
        if isinstance(photo, (Image.Image, np.ndarray)):
            return open_photo(photo, max_pixels)
        with opened_file(photo) as (file, name), self._turns:
            return upright(self._opened(file.fileno(), name, max_pixels), name)

    def __enter__(self) -> GuardedOpener:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers that wait; new ones start if it is used again."""
        _end_all(self._idle)

    def worker_pids(self) -> list[int]:
        """The process ids of the workers that wait for a photo."""
        return [worker.pid for worker in self._idle]

    def _opened(self, descriptor: int, name: str, max_pixels: int) -> Picture:
        worker = self._worker(name)
        deadline_s = time.monotonic() + self._deadline_s
        try:
            try:
                picture = worker.open(descriptor, name, max_pixels, deadline_s)
            except (BrokenPipeError, ConnectionResetError):  # it ended while it waited
                worker.end()
                worker = self._worker(name)
                picture = worker.open(descriptor, name, max_pixels, deadline_s)
        except PhotoError:
            self._idle.append(worker)
            raise
        except (WorkerEndedError, OSError) as error:
            # Not the photo's name, nor anything else about it.
            status = worker.end()
            logger.warning("A worker that opened a photo was ended (%s, exit status %d).", error, status)
            is_slow = status == -signal.SIGXCPU or time.monotonic() >= deadline_s
            raise PhotoError(too_slow(name) if is_slow else damaged(name)) from None
        except BaseException:
            worker.end()
            raise
        self._idle.append(worker)
        return picture

    def _worker(self, name: str) -> WorkerProcess:
        if self._pid != os.getpid():  # after a fork, the workers are the other process's
            self._pid = os.getpid()
            self._idle.clear()
        while True:
            try:
                worker = self._idle.pop()
            except IndexError:
                break
            if worker.is_usable:
                return worker
            worker.end()
        try:
            return WorkerProcess()
        except (WorkerEndedError, OSError) as error:
            logger.error("No worker that opens photos can be started: %s.", error)
            raise PhotoError(f"{name} cannot be opened just now: try again in a minute.") from None


def guarded_opener() -> Opener:
    """A `GuardedOpener`; or `open_photo`, with its checks alone, where the system lacks what the limits need."""
    if sys.platform == "linux" and hasattr(os, "memfd_create") and sys.executable:
        return GuardedOpener()
    logger.warning("Photos are opened without limits on memory and time, which need Linux; the checks hold.")
    return open_photo


def _end_all(workers: list[WorkerProcess]) -> None:
    with suppress(IndexError):
        while True:
            workers.pop().end()


__all__ = ["GuardedOpener", "guarded_opener"]
