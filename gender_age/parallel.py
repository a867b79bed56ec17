"""Work on several items at once, for work that a single item cannot spread over all cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Lock
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

_BEGINNING = Lock()


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Generator[Result]:
    """`map(function, items)` in `workers` threads, in each of which torch computes on one core.

    Decoding a photo takes one core however many there are, and a detector's many small steps gain little from a
    second one.

    Args:
        items: may be endless; as many as there are workers, and one more, are taken before the first result. With one
            worker the next item is taken when the last result was.
        workers: at least 1.

    Closed early, or after an error, it waits for the items that are being worked on; the others are left.
    """
    if workers == 1:
        yield from map(function, items)
        return
    pool = _pool_of_one_core_threads(workers)
    try:
        underway: deque[Future[Result]] = deque()
        for item in items:
            underway.append(pool.submit(function, item))
            if len(underway) > workers:
                yield underway.popleft().result()
        while underway:
            yield underway.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _pool_of_one_core_threads(workers: int) -> ThreadPoolExecutor:
    # What one thread sets is also what threads begin with from then on: it is set back once all have begun. One pool at
    # a time, or the number to set back would be another pool's.
    with _BEGINNING:
        threads, ready = torch.get_num_threads(), Barrier(workers)
        pool = ThreadPoolExecutor(workers, initializer=_on_one_core)
        try:
            list(pool.map(lambda _: ready.wait(), range(workers)))
        except BaseException:
            ready.abort()  # a thread could not be started: those that wait for it go
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            torch.set_num_threads(threads)
    return pool


def _on_one_core() -> None:
    # Asked first: torch gives a thread the common number when it first needs it, which would replace the thread's own.
    torch.get_num_threads()
    torch.set_num_threads(1)


__all__ = ["parallel_map"]
