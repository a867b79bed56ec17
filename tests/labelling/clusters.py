"""Jobs and Ray nodes as processes that a test may kill, and whether their rows are those of an unbroken job."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import ray
from PIL import Image, ImageEnhance

from tests.conftest import REPOSITORY

PORTRAITS = ("bera.jpg", "collins.jpg", "hopper.jpg")
RAY = Path(sys.executable).parent / "ray"
LONGEST_S = 600
# Ray gives its workers a lower priority than all else; here that would be the other tests.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(16),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
}


def portraits(folder: Path, number: int) -> None:
    """Photos of 200 × 250 pixels that are all different."""
    folder.mkdir(parents=True)
    faces = [Image.open(REPOSITORY / "examples" / name).convert("RGB") for name in PORTRAITS]
    for index in range(number):
        face = ImageEnhance.Brightness(faces[index % len(faces)]).enhance(0.8 + 0.4 * index / number)
        face.rotate(index % 9 - 4, Image.Resampling.BILINEAR).resize((200, 250)).save(folder / f"{index:05}.jpg")


@contextmanager
def job(*arguments: object, **environment: str) -> Iterator[subprocess.Popen]:
    """`python -m labelling`, in a session of its own, which ends with the `with`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "labelling", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_tree(process.pid)
        process.communicate()


def finished(*arguments: object, **environment: str) -> str:
    """What a job prints that is done without a mistake."""
    with job(*arguments, **environment) as process:
        out, errors = process.communicate(timeout=LONGEST_S)
        assert process.returncode == 0, errors
        return out


@contextmanager
def node(*arguments: object) -> Iterator[subprocess.Popen]:
    """A Ray node of this machine, which ends with the `with`."""
    process = subprocess.Popen(
        [
            Path(sys.executable).parent / "ray",
            "start",
            "--block",
            "--object-store-memory=300000000",
            *map(str, arguments),
        ],
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_tree(process.pid)
        process.wait()


@contextmanager
def two_nodes() -> Iterator[tuple[str, subprocess.Popen]]:
    """The address of a cluster of two nodes with two CPUs each, and the process of the second."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Ray takes a loopback address for this one, where the machine has another than loopback.
    address = f"{ray.util.get_node_ip_address()}:{port}"
    folder = tempfile.mkdtemp(prefix="ray-")  # the path of a socket must be short
    try:
        with node("--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", f"--temp-dir={folder}"):
            until(lambda: nodes_of(address) == 1, "the head is there")
            with node(f"--address={address}", "--num-cpus=2") as worker:
                until(lambda: nodes_of(address) == 2, "the second node is there")
                yield address, worker
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def nodes_of(address: str) -> int:
    """The number of nodes of a cluster that are alive."""
    command, environment = [RAY, "status", "--address", address], os.environ | ENVIRONMENT
    status = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    return status.partition("Pending:")[0].count(" node_")


def until(condition: Callable[[], object], what: str) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {LONGEST_S} s"
        time.sleep(0.1)


def kill_tree(pid: int) -> None:
    """Ends a process and all that it started, at once."""
    for each in [*descendants(pid), pid]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that these started."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(status.parent.name))
    found, waiting = [], [pid]
    while waiting:
        new = children.get(waiting.pop(), [])
        found += new
        waiting += new
    return found


def written(out: Path) -> int:
    """The number of files whose photos are done."""
    return sum(".pending" not in path.name for path in out.glob("_checkpoint/*.parquet"))


def rows_of(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out).sort_values(["path", "face"], ignore_index=True)


def assert_same_rows(broken: pd.DataFrame, unbroken: pd.DataFrame) -> None:
    """Every photo exactly once, and the same of it but for what batches round differently."""
    assert broken[["path", "face"]].equals(unbroken[["path", "face"]])
    assert np.abs(broken[["x1", "y1", "x2", "y2"]] - unbroken[["x1", "y1", "x2", "y2"]]).max(axis=None) <= 1
    sure = ~(broken["uncertain"].astype(bool) | unbroken["uncertain"].astype(bool))
    assert broken["gender"][sure].equals(unbroken["gender"][sure])
    assert np.abs(broken["age"] - unbroken["age"]).max() <= 0.1
    assert np.abs(broken["gender_probability"] - unbroken["gender_probability"]).max() <= 0.01
