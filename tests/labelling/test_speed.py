"""Photos per second against `predict_batch` in one process, on the same cores and in turns; and memory over many."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

from .clusters import ENVIRONMENT, descendants, finished, job, portraits, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
NUMBER, TURNS = int(os.environ.get("LABELLING_PHOTOS", "400")), 2
# predict_batch that uses so much processor time a second leaves nothing to gain on two cores.
BUSY = 1.7
ONE_PROCESS = """
import sys, time
from pathlib import Path
from gender_age import GenderAgePredictor
photos = sorted(map(str, Path(sys.argv[1]).glob("*.jpg")))
predictor = GenderAgePredictor.from_pretrained(device="cpu")
predictor.predict_batch(photos[:16])
wall, cpu = time.monotonic(), time.process_time()
assert len(predictor.predict_batch(photos)) == len(photos)
wall, cpu = time.monotonic() - wall, time.process_time() - cpu
print(len(photos) / wall, cpu / wall)
"""


def one_process(folder: Path) -> tuple[float, float]:
    """Photos and seconds of processor time per second."""
    environment = {name: value for name, value in (os.environ | ENVIRONMENT).items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, "-c", ONE_PROCESS, folder]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    rate, busy = map(float, done.stdout.split())
    return rate, busy


def a_job(folder: Path, out: Path) -> float:
    """Photos per second between the first and the last file that is written: a job's processes take long to start."""
    seen: list[tuple[float, int]] = []
    with job(folder, out) as process:
        while process.poll() is None:
            if (number := written(out)) and (not seen or number > seen[-1][1]):
                seen.append((time.monotonic(), number))
            time.sleep(0.05)
        assert process.returncode == 0
    (first_s, first), (last_s, last) = seen[0], seen[-1]
    return NUMBER * (last - first) / last / (last_s - first_s)


def test_a_job_is_faster_than_one_process(tmp_path):
    folder = tmp_path / "photos"
    portraits(folder, NUMBER)
    rates = [(*one_process(folder), a_job(folder, tmp_path / f"out{turn}")) for turn in range(TURNS)]
    for alone, busy, labelled in rates:
        print(f"predict_batch {alone:.1f} a second on {busy:.2f} cores, labelling {labelled:.1f} a second")
    alone, busy, labelled = (max(values) for values in zip(*rates, strict=True))
    assert labelled >= alone * (0.9 if busy >= BUSY else 1.3)


def resident_mb(pid: int) -> float:
    """Memory of a process and all that it started."""
    pages = 0
    for each in [pid, *descendants(pid)]:
        try:
            resident, shared = Path(f"/proc/{each}/statm").read_text().split()[1:3]
        except OSError:
            continue
        pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_memory_does_not_grow_with_the_photos(tmp_path):
    """Over links to the same photos, of which each is a photo of its own."""
    folder, many = tmp_path / "photos", tmp_path / "many"
    portraits(folder, 100)
    many.mkdir()
    number = int(os.environ.get("LABELLING_LINKS", "4000"))
    for index in range(number):
        (many / f"{index:06}.jpg").hardlink_to(folder / f"{index % 100:05}.jpg")
    out, samples, ended = tmp_path / "out", [], threading.Event()
    with job(many, out) as process:

        def watch() -> None:
            while not ended.wait(1):
                samples.append((written(out), resident_mb(process.pid)))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            process.communicate(timeout=3000)
        finally:
            ended.set()
            thread.join()
    assert process.returncode == 0
    last = max(files for files, _ in samples)
    early = max(mb for files, mb in samples if 0.05 * last < files <= 0.35 * last)
    late = max(mb for files, mb in samples if files > 0.65 * last)
    print(f"{number:,} photos: {early:.0f} MB in the first third, {late:.0f} MB in the last")
    assert late < early * 1.1 + 50
    assert "(0 now" in finished(many, out)
