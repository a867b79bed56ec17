"""What threads have freed is shared and given back, where the C library would do neither."""

import os
import platform
import subprocess
import sys

import pytest

from page.server.memory import keep_memory_low
from tests.conftest import REPOSITORY

COUNT_ARENAS = """
import ctypes, sys, threading
if sys.argv[1] == "shared":
    from page.server.memory import keep_memory_low
    keep_memory_low()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p] * 2
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
together = threading.Barrier(4)
def work():
    together.wait()
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no arenas")
def test_threads_share_what_was_freed(tmp_path):
    def arenas(which: str) -> int:
        command = [sys.executable, "-c", COUNT_ARENAS, which, str(tmp_path / which)]
        subprocess.run(command, cwd=REPOSITORY, check=True, env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
        return (tmp_path / which).read_text().count("<heap ")

    assert arenas("shared") == 1
    assert arenas("as it is") > 1, "the count sees nothing"


GIVE_BACK = """
import resource, sys, time
from page.server import memory
memory.EVERY_S = 0.1
if sys.argv[1] == "kept":
    memory._give_back = lambda: None
memory.keep_memory_low()
def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
# Too small for a mapping of their own.
pieces = [b"x" * (10_000 + number % 2) for number in range(20_000)]
last = pieces[-1]  # on top of all others, which are free below it
time.sleep(0.3)  # in which they are looked at, too, while they are in use
full = resident_mb()
del pieces
end_s = time.monotonic() + (2 if sys.argv[1] == "kept" else 30)
while full - resident_mb() < 150 and time.monotonic() < end_s:
    sum(range(1_000_000))
    time.sleep(0.05)
print(full - resident_mb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no arenas")
def test_freed_memory_is_given_back():
    def mb_given_back(which: str) -> float:
        command = [sys.executable, "-c", GIVE_BACK, which]
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(command, cwd=REPOSITORY, check=True, env=environment, capture_output=True, text=True)
        return float(done.stdout)

    assert mb_given_back("given back") > 150
    assert mb_given_back("kept") < 50, "it would go anyway"


def test_compiled_code_is_kept_for_few_shapes_unless_somebody_says_otherwise(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("another", ""))  # this process keeps its memory as it is
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    keep_memory_low()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "64"
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1024")
    keep_memory_low()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "1024"
