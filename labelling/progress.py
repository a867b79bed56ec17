"""A progress bar of photos. Ray Data's own counts blocks written, and names its operators."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray.actor import ActorHandle
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from tqdm import tqdm

POLL_S, LOG_EVERY_S = 1.0, 60.0


@ray.remote(num_cpus=0)
class Counter:
    """Counts photos that were answered anywhere in the cluster."""

    def __init__(self) -> None:
        self._photos = 0

    def add(self, photos: int) -> None:
        self._photos += photos

    def photos(self) -> int:
        return self._photos


@contextmanager
def progress_bar(total: int, done: int, unit: str = "photos") -> Iterator[ActorHandle]:
    """A bar on standard error, in a log a line a minute; the counter that moves it.

    Args:
        total: photos in all.
        done: those that had rows before.
        unit: what is counted.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    counter = Counter.options(scheduling_strategy=here).remote()
    ended = threading.Event()
    every_s = POLL_S if sys.stderr.isatty() else LOG_EVERY_S
    with tqdm(total=total, initial=min(done, total), unit=f" {unit}", mininterval=every_s) as bar:

        def follow() -> None:
            while not ended.wait(POLL_S):
                try:
                    # A block that is done twice, as its node died, counts twice.
                    bar.update(min(done + ray.get(counter.photos.remote()), total) - bar.n)
                except RayError:  # the cluster is going
                    return

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            yield counter
            bar.update(total - bar.n)
        finally:
            ended.set()
            follower.join()
