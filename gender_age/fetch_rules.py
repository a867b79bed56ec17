"""What whoever fetches a photo from an address keeps to: no compression, few redirects, and an end in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")

# No compression: a compressed response could be a decompression bomb.
HEADERS = {"accept-encoding": "identity", "accept": "*/*", "user-agent": "gender-age"}
# Redirects from http to https and to the nearest mirror are usual.
MAX_REDIRECTS = 5


def within(seconds: float, work: Callable[[], Result], errors: tuple[type[Exception], ...]) -> Result:
    """What `work` returns, on a thread of its own: a resolver has no timeout, and cannot be interrupted.

    Args:
        seconds: to wait; the thread may outlive them.
        errors: of `work`, which are raised here.

    Raises:
        concurrent.futures.TimeoutError: it takes longer.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except errors as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="fetch", daemon=True).start()
    return outcome.result(timeout=max(0.0, seconds))


__all__ = ["HEADERS", "MAX_REDIRECTS", "within"]
