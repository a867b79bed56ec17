"""The Ray cluster: started here or joined, and how its processors and GPUs are shared by the stages."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ray
import torch
from ray.data import DataContext
from ray.exceptions import RayError

from .errors import LabellingError, first_line

# Parts of a core. Searching takes nearly all of the time; the others wait for disks and networks.
SEARCH_CPUS, MODEL_CPUS, INPUT_CPUS, OUTPUT_CPUS = 0.7, 0.2, 0.02, 0.05
SEARCHERS_PER_MODEL = 8
# When a job goes on, Ray Data asks for a core for what was done before; on one core the others would wait for ever.
FEWEST_CPUS = 2
# Photos and faces under way.
STORE_BYTES, STORE_BYTES_PER_CPU = 384 << 20, 64 << 20
MOST_ON_A_MAC = 2 << 30  # Ray takes no more there
# Of faces. The rows of so many are far smaller, so that all rows of a photo stay in one block and are done together.
BLOCK_BYTES = 16 << 20
# What Ray raises where it cannot start or be reached.
UNREACHABLE = (ConnectionError, OSError, RayError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Stages:
    """Numbers of actors.

    Attributes:
        searchers: of the stage that opens photos and finds faces, one a core.
        models: of the stage with the model, one a GPU where there are some.
        device: of the model, "cuda" or "cpu".
    """

    searchers: int
    models: int
    device: str

    @classmethod
    def of(cls, cpus: float, gpus: float) -> Stages:
        """The stages of a cluster with so many of both."""
        searchers = max(1, int(cpus))
        if gpus >= 1:
            return cls(searchers, int(gpus), "cuda")
        return cls(searchers, -(-searchers // SEARCHERS_PER_MODEL), "cpu")

    @property
    def readers(self) -> int:
        """Tasks that read at once. Each is a process, which waits for a disk or a network."""
        return -(-self.searchers // 2)

    @property
    def writers(self) -> int:
        """Tasks that write at once."""
        return -(-self.searchers // 4)

    @property
    def model_resources(self) -> dict[str, float]:
        """What an actor with the model asks Ray for."""
        return {"num_cpus": MODEL_CPUS, "num_gpus": 1 if self.device == "cuda" else 0}


@contextmanager
def cluster(address: str | None, cpus: int | None, gpus: int | None) -> Iterator[Stages]:
    """A cluster of this machine, or the one at `address`, for as long as the `with` lasts.

    Args:
        address: of a cluster's head, or "auto" for the one that runs here; None starts one.
        cpus, gpus: the most that are used; None is all, on this machine without the GPUs that torch cannot use.

    Raises:
        LabellingError: the cluster cannot be reached, or is too small.
    """
    local: dict[str, object] = {}
    if address is None:
        # Each takes a gigabyte: more actors than cores would fill the memory.
        num_cpus = min(cpus or _cores(), _cores())
        # Ray counts all that the driver shows.
        gpus = 0 if gpus is None and not torch.cuda.is_available() else gpus
        local = {
            "num_cpus": max(FEWEST_CPUS, num_cpus),
            "num_gpus": gpus,
            "include_dashboard": False,
            "object_store_memory": _store_bytes(num_cpus),
        }
        cpus = num_cpus
    try:
        # Nodes look for our code in the folder that the command runs in.
        ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **local)
    except Exception as error:
        # Ray raises a bare Exception where a node takes over 30 seconds to start.
        if type(error) is not Exception and not isinstance(error, UNREACHABLE):
            raise
        there = f"There is no Ray cluster at {address} that takes this RAY_AUTH_TOKEN"
        problem = "Ray cannot start here" if address is None else there
        raise LabellingError(f"{problem} ({first_line(error)}).") from error
    try:
        found = ray.cluster_resources()
        if found.get("CPU", 0) < FEWEST_CPUS:
            raise LabellingError(f"The cluster has {found.get('CPU', 0):g} CPUs: start it with {FEWEST_CPUS} at least.")
        _configure()
        yield Stages.of(_most(found, "CPU", cpus), _most(found, "GPU", gpus))
    finally:
        ray.shutdown()


def _store_bytes(num_cpus: int) -> int:
    """The shared memory that Ray's objects get."""
    wanted = STORE_BYTES + num_cpus * STORE_BYTES_PER_CPU
    return min(wanted, MOST_ON_A_MAC) if sys.platform == "darwin" else wanted


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _most(found: dict[str, float], name: str, wanted: int | None) -> float:
    return found.get(name, 0) if wanted is None else min(wanted, found.get(name, 0))


def _configure() -> None:
    context = DataContext.get_current()
    context.target_max_block_size = BLOCK_BYTES
    context.enable_progress_bars = False
    # An error ends the job, whose sentence says it.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
