"""`python -m tests.robustness.replicas_load COUNT… [--fake --seconds S]`: photos a second and times behind nginx.

For each count of replicas in turn: every visitor has an address of its own, and asks for one photo after another.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .crowd import own_photos
from .measuring import percentile, tree_mb
from .replicas import Replicas


def measure(replicas: Replicas, visitors: int, turns: int) -> tuple[float, list[float]]:
    """Photos a second of all visitors together, and the seconds of each photo."""
    photos = own_photos(visitors)
    begun, starts = threading.Barrier(visitors), []

    def visit(number: int) -> list[float]:
        visitor, times = replicas.visitor(number), []
        visitor.predict("first.jpg", photos[number])
        begun.wait(300)
        starts.append(time.monotonic())
        for turn in range(turns):
            started = time.monotonic()
            answer = visitor.predict(f"{number}-{turn}.jpg", photos[number] + f"{turn}".encode())
            times.append(time.monotonic() - started)
            assert answer["photo"] == f"{number}-{turn}.jpg"
        return times

    with ThreadPoolExecutor(visitors) as pool:
        found = [seconds for times in pool.map(visit, range(visitors)) for seconds in times]
    return visitors * turns / (time.monotonic() - min(starts)), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="+", type=int)
    parser.add_argument("--visitors", type=int, default=12)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--seconds", default="0")
    args = parser.parse_args()
    page = ["--fake", "--seconds", args.seconds] if args.fake else []
    for count in args.counts:
        with tempfile.TemporaryDirectory() as folder, Replicas(Path(folder), count, *page) as replicas:
            rate, times = measure(replicas, args.visitors, args.turns)
            memory = sum(tree_mb(each.pid) for each in replicas.pages)
        median, slow = (percentile(times, share) for share in (0.5, 0.95))
        print(
            f"{count} replicas: {rate:.2f} photos a second, median {median:.2f} s, p95 {slow:.2f} s, {memory:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
