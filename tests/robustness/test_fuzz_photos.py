"""The opener under mutated files and bombs: a picture or a sentence, in time, in bounded memory, and alive.

The 10,000 inputs of docs/reliability.md are the slow tests of this file and of `test_fuzz_predict.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

from .inputs import frames_of, mutated, valid_files

MOST_S = 5.0


def opened(folder, *arguments, timeout_s=100) -> dict:
    """The figures of one `opener_process`; fails where the process dies."""
    command = [sys.executable, "-m", "tests.robustness.opener_process", str(folder), *map(str, arguments)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout_s)
    assert ran.returncode == 0, f"died at {[path.name for path in folder.iterdir()]}: {ran.stderr[-3000:]}"
    figures = json.loads(ran.stdout)
    print(arguments, figures)
    return figures


def check(figures, most_mb):
    assert figures["unfit"] == []
    assert figures["slowest_s"] < MOST_S, figures["slowest"]
    assert figures["peak_mb"] - figures["peak_before_mb"] < most_mb


def test_the_inputs_are_what_they_are_meant_to_be():
    files = valid_files()
    assert {suffix for suffix, _ in files} >= {"jpeg", "png", "webp", "gif", "bmp", "tiff", "avif", "ppm", "jpeg2000"}
    animated = {"png", "webp", "gif", "tiff", "avif"}
    assert {suffix for suffix, data in files if suffix in animated and frames_of(data) > 1} == animated
    assert mutated(7) == mutated(7)
    assert len({mutated(number)[1] for number in range(200)}) > 190


def test_mutated_files(tmp_path):
    figures = opened(tmp_path, "mutated", 0, 400)
    check(figures, most_mb=150)
    assert figures["inputs"] == 400
    assert min(figures["pictures"], figures["sentences"]) > 40


def test_bombs(tmp_path):
    figures = opened(tmp_path, "bombs")
    check(figures, most_mb=300)
    assert min(figures["pictures"], figures["sentences"]) > 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(10_000, 18_000, 2_000))
def test_thousands_of_mutated_files(tmp_path, first):
    figures = opened(tmp_path, "mutated", first, 2_000, timeout_s=600)
    check(figures, most_mb=700)
    assert figures["inputs"] == 2_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_largest_photos_that_are_taken(tmp_path):
    figures = opened(tmp_path, "large", timeout_s=600)
    check(figures, most_mb=2_000)
