"""What threads have freed is shared, where the C library would not."""

import os
import platform
import subprocess
import sys

import pytest

from page.memory import share_freed_memory
from tests.conftest import REPOSITORY

COUNT_ARENAS = """
import ctypes, sys, threading
if sys.argv[1] == "shared":
    from page.memory import share_freed_memory
    share_freed_memory()
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


def test_compiled_code_is_kept_for_few_shapes_unless_somebody_says_otherwise(monkeypatch):
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    share_freed_memory()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "64"
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "1024")
    share_freed_memory()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "1024"
