"""The program that opens photos: what it imports, takes and leaves."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gender_age.errors import PhotoError
from gender_age.guarded_opener import GuardedOpener
from tests.conftest import REPOSITORY
from tests.robustness.measuring import peak_mb, resident_mb

from .greedy_files import known_files, unknown_files
from .pictures import CASES, encoded, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers need Linux")

GREEDY = known_files() | unknown_files()
COLLECTED = {path.name: path for path in (CASES / "hostile").glob("*.*")}
HEAVY = ("torch", "gradio", "transformers", "facenet_pytorch", "datasets", "pillow_heif", "pillow_jxl")


@pytest.fixture
def opener():
    with GuardedOpener(workers=1) as opener:
        yield opener


def cpu_s(pid):
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_imports_neither_torch_nor_gradio():
    code = "import sys, gender_age.opening_worker; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    imported = ran.stdout.split()
    assert not set(HEAVY) & set(imported)
    assert {"PIL", "numpy"} <= set(imported)


def test_it_starts_quickly_and_is_small(opener, tmp_path):
    picture().save(tmp_path / "a.png")
    opener(tmp_path / "a.png")
    (pid,) = opener.worker_pids()
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "torch" not in maps
    assert "numpy" in maps
    assert resident_mb(pid) < 80
    assert cpu_s(pid) < 0.5


def test_a_library_for_a_format_is_imported_when_it_is_needed(opener, tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    picture().save(tmp_path / "a.png")
    opener(tmp_path / "a.png")
    (pid,) = opener.worker_pids()
    assert "pillow_heif" not in Path(f"/proc/{pid}/maps").read_text()
    pillow_heif.from_pillow(picture()).save(tmp_path / "a.heic")
    opener(tmp_path / "a.heic")
    assert opener.worker_pids() == [pid]
    assert "heif" in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize("name", [*GREEDY, *COLLECTED])
def test_a_greedy_file_takes_no_more_than_its_limits(name, opener, tmp_path):
    """At most 400 MB beside twice the picture's own pixels, and 5 s of processor time."""
    path = COLLECTED.get(name) or tmp_path / f"a.{name.rpartition('.')[2]}"
    if name in GREEDY:
        path.write_bytes(GREEDY[name])
    picture().save(tmp_path / "usual.png")
    opener(tmp_path / "usual.png")
    (pid,) = opener.worker_pids()
    memory_mb, used_s = resident_mb(pid), cpu_s(pid)
    try:
        size_wh = opener(path).size
    except PhotoError:
        size_wh = (9200, 9200) if name in unknown_files() else (0, 0)
    assert opener.worker_pids() == [pid]
    assert peak_mb(pid) - memory_mb < 400 + 2 * 4e-6 * size_wh[0] * size_wh[1]
    assert cpu_s(pid) - used_s < 5


def test_memory_of_a_large_photo_is_given_back(opener, tmp_path):
    picture().save(tmp_path / "usual.png")
    opener(tmp_path / "usual.png")
    (pid,) = opener.worker_pids()
    before_mb = resident_mb(pid)
    (tmp_path / "large.jpg").write_bytes(encoded(picture((5000, 4000)), "JPEG", progressive=True))
    opener(tmp_path / "large.jpg")
    assert peak_mb(pid) - before_mb > 100
    deadline = time.monotonic() + 20
    while resident_mb(pid) - before_mb > 15 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert resident_mb(pid) - before_mb < 15


def test_it_ends_with_the_process_that_asked_it(tmp_path):
    """However that ends: SIGKILL lets it do nothing more."""
    picture().save(tmp_path / "a.png")
    code = (
        "import os, signal, sys; from gender_age.guarded_opener import GuardedOpener; opener = GuardedOpener()\n"
        "opener(sys.argv[1]); print(*opener.worker_pids(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    pid = int(ran.stdout)
    deadline = time.monotonic() + 20
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
