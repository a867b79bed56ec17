"""Opens photos in worker processes with hard limits on memory, processor time and all else (opening_worker.py).

The checks in front of Pillow know the kinds of files that were found to hurt; these limits hold for the others.
"""

from __future__ import annotations

import io
import logging
import os
import shutil
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import numpy as np
from PIL import Image

from .errors import PhotoError
from .images import MAX_PIXELS, Photo, open_photo, opened_file, upright
from .photo_file import PhotoFile
from .photo_reading import Picture
from .refusals import damaged, failed, too_much_memory, too_slow
from .worker_process import FAILED, WorkerEndedError, WorkerProcess, has_limits

WORKERS = 2
# Five times the processor time that the largest photo may take: the machine may be busy, and a worker has a lower
# priority.
DEADLINE_S = 20.0

logger = logging.getLogger(__name__)


class GuardedOpener:
    """`open_photo` in a small pool of worker processes; a context manager.

    Workers start with the first photos, are replaced when they end or have opened a thousand photos, and end with this
    process. Images and arrays are decoded already, or are the caller's own, and are opened here. So is every photo on
    a system without what the limits need, Linux: a warning says so, and the checks of `open_photo` hold.

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
        self._workers, self._deadline_s = workers, deadline_s
        self._turns = threading.BoundedSemaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._pid = os.getpid()
        self._finalizer = weakref.finalize(self, _end_all, self._idle)
        self._has_limits = has_limits()
        if not self._has_limits:
            logger.warning("Photos are opened without limits on memory and time, which need Linux; the checks hold.")

    def __call__(self, photo: Photo, max_pixels: int = MAX_PIXELS) -> Image.Image:
        """See `open_photo`; a larger `max_pixels` than `MAX_PIXELS` counts as that, for which the workers have memory.

        Raises:
            PhotoError: the photo cannot be used, or takes more memory or time than a photo of its size.
        """
        max_pixels = min(max_pixels, MAX_PIXELS)
        if not self._has_limits or isinstance(photo, (Image.Image, np.ndarray)):
            return open_photo(photo, max_pixels)
        if self._pid != os.getpid():  # after a fork, the workers and their turns are those of the other process
            self._pid, self._turns = os.getpid(), threading.BoundedSemaphore(self._workers)
            self._idle.clear()
        with opened_file(photo) as (file, name), descriptor_of(file) as descriptor, self._turns:
            return upright(self._opened(descriptor, name, max_pixels), name)

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
        deadline_s = time.monotonic() + self._deadline_s
        for is_last in (False, True):
            worker = self._worker(name)
            try:
                picture = worker.open(descriptor, name, max_pixels, deadline_s)
            except PhotoError:
                self._idle.append(worker)
                raise
            except (WorkerEndedError, OSError) as error:
                is_unread = isinstance(error, (BrokenPipeError, ConnectionResetError))
                has_ended = isinstance(error, WorkerEndedError) and error.has_ended
                status = worker.end(has_ended)
                # It ended while it waited; or by itself, having grown too large, before it read what was sent.
                if not is_last and (is_unread or (has_ended and status == 0)):
                    continue
                # Not the photo's name, nor anything else about it.
                logger.warning("A worker that opened a photo was replaced (%s, exit status %d).", error, status)
                is_late = time.monotonic() >= deadline_s
                raise PhotoError(_reason(status if has_ended else None, is_late)(name)) from None
            except BaseException:
                worker.end()
                raise
            self._idle.append(worker)
            return picture
        raise AssertionError("the last attempt returns or raises")

    def _worker(self, name: str) -> WorkerProcess:
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


def _reason(status: int | None, is_late: bool) -> Callable[[str], str]:
    """The sentence for a worker that did not answer; `status` is its exit status, if it ended by itself."""
    if status == -signal.SIGPROF or is_late:
        return too_slow
    if status == FAILED:
        return failed
    return too_much_memory if status == -signal.SIGKILL else damaged  # so the system ends who takes too much


@contextmanager
def descriptor_of(file: PhotoFile) -> Iterator[int]:
    """The file's descriptor; that of a copy, where it is one in memory only."""
    with ExitStack() as stack:
        try:
            descriptor = file.fileno()
        except io.UnsupportedOperation:
            copy = stack.enter_context(open(os.memfd_create("photo"), "w+b"))
            shutil.copyfileobj(file, copy)
            copy.flush()
            descriptor = copy.fileno()
        yield descriptor


def _end_all(workers: list[WorkerProcess]) -> None:
    with suppress(IndexError):
        while True:
            workers.pop().end()


__all__ = ["GuardedOpener", "descriptor_of"]
