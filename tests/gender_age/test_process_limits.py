import platform
import resource
import signal
import subprocess
import sys

import pytest

from gender_age.process_limits import REFUSED
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
START = "from gender_age.process_limits import *\nimport os, resource, signal, socket, subprocess, sys, threading\n"
with_filter = pytest.mark.skipif(platform.machine() not in REFUSED, reason="there is no filter for this machine")


def ran(code, *arguments):
    command = [sys.executable, "-c", START + code, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)


def children_cpu_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def outcome(attempt, *arguments):
    """What a locked process prints after an attempt: `done`, or the error's name."""
    caught = "except Exception as error:\n    print(type(error).__name__)"
    result = ran(f"lock_down()\ntry:\n    {attempt}\n    print('done')\n{caught}", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@with_filter
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket()",
        "socket.socketpair()",
        "subprocess.run(['true'])",
        "os.fork()",
        "os.execv(sys.executable, [sys.executable, '-c', ''])",
        "os.kill(os.getppid(), 0)",
        "open(sys.argv[1] + '/new', 'wb')",
        "open(sys.argv[1] + '/old', 'r+b')",
        "open(sys.argv[1] + '/old', 'ab')",
        "os.truncate(sys.argv[1] + '/old', 0)",
        "os.unlink(sys.argv[1] + '/old')",
        "os.rename(sys.argv[1] + '/old', sys.argv[1] + '/new')",
        "os.chmod(sys.argv[1] + '/old', 0)",
        "os.mkdir(sys.argv[1] + '/new')",
        "os.memfd_create('a')",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    ],
)
def test_a_locked_process_may_not(attempt, tmp_path):
    (tmp_path / "old").write_bytes(b"kept")
    assert outcome(attempt, tmp_path) == "PermissionError"
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"kept")]


@pytest.mark.parametrize(
    "attempt",
    [
        "open(sys.argv[1] + '/old', 'rb').read()",
        "thread = threading.Thread(target=print); thread.start(); thread.join()",
        "import mmap; mmap.mmap(-1, 1 << 20)[0] = 1",
        "import fractions, statistics, xml.dom",
        "signal.raise_signal(signal.SIGWINCH)",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (9, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
    ],
)
def test_a_locked_process_may(attempt, tmp_path):
    (tmp_path / "old").write_bytes(b"kept")
    assert outcome(attempt, tmp_path).splitlines()[-1] == "done"


def test_a_locked_process_writes_no_bytes_to_files(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        code = "lock_down()\ntry:\n    os.write(1, b'a')\nexcept OSError as error:\n    sys.exit(error.errno)"
        command = [sys.executable, "-c", START + code]
        result = subprocess.run(command, cwd=REPOSITORY, stdout=file, timeout=60)
    assert result.returncode == 27  # EFBIG
    assert (tmp_path / "a").read_bytes() == b""


def test_a_locked_process_has_a_lower_priority_and_few_files():
    code = "lock_down(); print(os.nice(0), resource.getrlimit(resource.RLIMIT_NOFILE), resource.RLIM_INFINITY)"
    before = int(ran("print(os.nice(0))").stdout)
    nice, *rest = ran(code).stdout.split(maxsplit=1)
    assert int(nice) == min(before + 5, 19)
    assert rest[0].startswith("(64, 64)")


def test_memory_is_limited_and_may_be_limited_again():
    code = """
limit_memory(address_space() + (1 << 30), forever=True)
for more in (50 << 20, 300 << 20):
    limit_memory(address_space() + more)
    for size in (20 << 20, 200 << 20):
        try:
            bytes(size)
            print("fits")
        except MemoryError:
            print("no")
try:
    limit_memory(2 << 40)
except ValueError:
    print("forever")
"""
    assert ran(code).stdout.split() == ["fits", "no", "fits", "fits", "forever"]
    assert ran(code.replace("forever=True", "forever=False")).stdout.split() == ["fits", "no", "fits", "fits"]


def test_processor_time_is_limited():
    before_s = children_cpu_s()
    code = "import time\nprint(time.process_time(), flush=True)\nlimit_cpu(time.process_time() + 0.4)\nwhile True: pass"
    result = ran(code)
    assert result.returncode == -signal.SIGPROF
    used_s = children_cpu_s() - before_s - float(result.stdout)
    assert 0.3 < used_s < 0.7


def test_the_address_space_is_that_of_this_process():
    # In a process of its own: what other tests leave behind may be given back at any time, or hold the bytes already.
    code = """
import mmap
before = address_space()
kept = mmap.mmap(-1, 64 << 20)
print((address_space() - before) >> 20)
"""
    assert 64 <= int(ran(code).stdout) < 80
