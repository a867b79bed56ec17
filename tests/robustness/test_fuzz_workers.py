"""The workers that open photos under files of every kind, with memory and processor time measured for each file."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gender_age.errors import PhotoError
from gender_age.guarded_opener import GuardedOpener
from gender_age.images import MAX_PIXELS

from .inputs import mutated
from .measuring import peak_mb, resident_mb
from .structured import MAKERS, structured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")

MOST_MB, MOST_CPU_S = 400, 5.0
# Memory shared with this process counts once, in the worker's.
LARGEST_MB = 2 * 4 * MAX_PIXELS / 2**20


def cpu_s(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fuzzed(make, numbers, folder) -> Counter:
    """Opens the files; how many were photos, were refused and ended their worker."""
    usual = folder / "usual.bmp"
    usual.write_bytes(Path(__file__).parents[2].joinpath("examples", "obama.jpg").read_bytes())
    outcomes: Counter = Counter()
    most_cpu = most_memory = most_slow = (0.0, -1)
    with GuardedOpener(workers=1) as opener:
        for number in numbers:
            suffix, data = make(number)
            path = folder / f"a.{suffix}"
            path.write_bytes(data)
            if not opener.worker_pids():
                opener(usual)
            (pid,) = opener.worker_pids()
            Path(f"/proc/{pid}/clear_refs").write_text("5")
            memory_mb, used_s, begun = resident_mb(pid), cpu_s(pid), time.monotonic()
            pixels = 0
            try:
                image = opener(path)
                pixels = image.width * image.height
                outcomes["photo"] += 1
            except PhotoError as error:
                outcomes["sentence"] += 1
                outcomes["unfit sentence"] += not (str(error).endswith(".") and str(error).isprintable())
            most_slow = max(most_slow, (time.monotonic() - begun, number))
            if opener.worker_pids() != [pid]:
                outcomes["worker ended"] += 1
                continue
            memory_mb = peak_mb(pid) - memory_mb
            assert memory_mb < MOST_MB + LARGEST_MB, number
            assert not pixels or memory_mb < MOST_MB + 2 * 4 * pixels / 2**20, number
            most_cpu = max(most_cpu, (cpu_s(pid) - used_s, number))
            most_memory = max(most_memory, (memory_mb, number))
    print(make.__name__, dict(outcomes), "CPU", most_cpu, "MB", most_memory, "seconds", most_slow)
    assert most_cpu[0] < MOST_CPU_S, most_cpu
    assert not outcomes["unfit sentence"]
    return outcomes


def test_the_structured_files_are_what_they_are_meant_to_be():
    made = [structured(number) for number in range(200)]
    assert {suffix for suffix, _ in made} == set(MAKERS)
    assert structured(7) == structured(7)
    assert max(len(data) for _, data in made) < 12_000_000


def test_structured_files(tmp_path):
    outcomes = fuzzed(structured, range(200), tmp_path)
    assert min(outcomes["photo"], outcomes["sentence"]) > 10
    assert outcomes["worker ended"] <= 2


def test_mutated_files(tmp_path):
    outcomes = fuzzed(mutated, range(300), tmp_path)
    assert min(outcomes["photo"], outcomes["sentence"]) > 40
    assert outcomes["worker ended"] == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make", [structured, mutated])
def test_many_files(make, tmp_path):
    outcomes = fuzzed(make, range(100_000, 110_000), tmp_path)
    assert outcomes["photo"] + outcomes["sentence"] == 10_000
    # One in a thousand is replaced as a matter of course.
    assert outcomes["worker ended"] <= 20
