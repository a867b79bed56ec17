"""Two thousand mixed photos through one server, one of twenty a hostile file: its memory stays, its files go."""

from __future__ import annotations

import io
import itertools
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from PIL import Image

from page.server.memory import EVERY_S

from .crowd import own_photos
from .hostile import ONE_OF, hostile
from .inputs import mutated, picture
from .measuring import MOST_MB, tree_mb
from .pages import Caller, PageProcess

CLEAN_EVERY_S, CLEAN_OLDER_S = 2, 5
NUM_PHOTOS, WARM_PHOTOS, MOST_GROWTH = 2_000, 200, 0.05
SAMPLED_EVERY_S = 0.3


def as_jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def mixed_photos():
    """Without end, names and files: with faces in all sizes, without, damaged and hostile."""
    faces = [Image.open(io.BytesIO(data)) for data in own_photos(12)]
    for number in itertools.count():
        kind = number % 10
        if number % ONE_OF == ONE_OF - 1:
            yield hostile(number // ONE_OF)
        elif kind < 6:
            face = faces[number % len(faces)]
            scale = 0.3 + (number * 37 % 100) / 140
            size_wh = round(face.width * scale), round(face.height * (scale + number % 3 / 20))
            yield f"{number}.jpg", as_jpeg(face.resize(size_wh))
        elif kind < 8:
            yield f"{number}.jpg", as_jpeg(picture("RGB", (60 + number % 290, 90 + number % 170), number))
        else:
            suffix, data = mutated(number)
            yield f"{number}.{suffix}", data


def ask(caller: Caller, files: list[tuple[str, bytes]], as_archive: bool) -> None:
    """One call for ten photos in an archive, or a call each."""
    if as_archive:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            for name, data in files:
                packed.writestr(f"{name}.png" if "." not in name else name, data)
        caller.predict_batch(("a.zip", stream.getvalue()))
    else:
        for name, data in files:
            answer = caller.predict(name, data)
            assert answer["photo"] == name


def soak(page: PageProcess, num_photos: int) -> dict[int, float]:
    """Asks from two clients at once; how many photos were answered -> the memory of page and workers then, once they
    have rested for long enough to give back what is free."""
    photos, at_rest, begun = mixed_photos(), {}, time.monotonic()
    callers = [Caller(page.url), Caller(page.url)]
    with ThreadPoolExecutor(len(callers)) as pool:
        for number in range(0, num_photos, 20):
            portions = [list(itertools.islice(photos, 10)) for _ in callers]
            as_archive = number % 100 == 80
            list(pool.map(ask, callers, portions, [as_archive] * len(callers)))
            if (count := number + 20) % 200 == 0:
                time.sleep(2 * EVERY_S)
                at_rest[count] = tree_mb(page.pid)
                print(f"{count} photos, {time.monotonic() - begun:.0f} s: at rest {at_rest[count]:.0f} MB", flush=True)
    return at_rest


@contextmanager
def sampled(page: PageProcess) -> Iterator[list[float]]:
    """The memory of page and workers all the time."""
    samples, is_over = [], threading.Event()

    def sample() -> None:
        while not is_over.wait(SAMPLED_EVERY_S):
            samples.append(tree_mb(page.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield samples
    finally:
        is_over.set()
        sampler.join()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_memory_stays_and_files_go(tmp_path):
    with PageProcess(tmp_path, "--clean", str(CLEAN_EVERY_S), str(CLEAN_OLDER_S)) as page:
        kept = files_of(page)
        assert kept, "the examples are in the folder, too"
        with sampled(page) as samples:
            at_rest = soak(page, NUM_PHOTOS)
        warm, last = (at_rest[count] for count in (WARM_PHOTOS, NUM_PHOTOS))
        growth = last / warm - 1
        print(json.dumps({"warm_mb": warm, "end_mb": last, "growth": growth, "most_mb": max(samples)}))
        deadline = time.monotonic() + CLEAN_EVERY_S + CLEAN_OLDER_S + 10
        while time.monotonic() < deadline and files_of(page) - kept:
            time.sleep(0.5)
        assert files_of(page) == kept
        assert "Traceback" not in page.log
    left = [path for path in page.temporary.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert not left, "something outlives the page"
    assert growth < MOST_GROWTH
    assert max(samples) < MOST_MB


def files_of(page: PageProcess) -> set:
    return {path for path in page.temporary.rglob("*") if path.is_file()}
