"""A parallel map over threads, for items that a single one of cannot keep all cores busy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result, None, None]:
    """`map(function, items)` in `workers` threads.

    Decoding a photo uses one core, and a detector's many small operations gain little from a second one. (Threads in
    which torch computes on one core each were 1 to 2 % faster: not worth their code.)

    Args:
        items: may be endless. `workers + 1` of them are taken before the first result; with one worker, the next item
            is taken once the last result was. (`Executor.map` takes all of them at once.)
        workers: at least 1.

    When it is closed early, or after an error, it waits for the items in progress and drops the others.
    """
    if workers == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
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


__all__ = ["parallel_map"]
