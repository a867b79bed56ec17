"""A parallel map over threads, for items that a single one of cannot keep all cores busy."""

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
    """`map(function, items)` in `workers` threads; torch computes on one core in each of them.

    Decoding a photo uses one core, and a detector's many small operations gain little from a second one.

    Args:
        items: may be endless. `workers + 1` of them are taken before the first result; with one worker, the next item
            is taken once the last result was.
        workers: at least 1.

    When it is closed early, or after an error, it waits for the items in progress and drops the others.
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
    # torch.set_num_threads also sets the default of threads that start later: it is restored once all have started.
    # One pool at a time, or the value to restore would be another pool's.
    with _BEGINNING:
        threads, ready = torch.get_num_threads(), Barrier(workers)
        pool = ThreadPoolExecutor(workers, initializer=_on_one_core)
        try:
            list(pool.map(lambda _: ready.wait(), range(workers)))
        except BaseException:
            ready.abort()  # a thread could not be started: release those that wait for it
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            torch.set_num_threads(threads)
    return pool


def _on_one_core() -> None:
    # get_num_threads first: torch initialises a thread's number lazily, which would overwrite the one set here.
    torch.get_num_threads()
    torch.set_num_threads(1)


__all__ = ["parallel_map"]
