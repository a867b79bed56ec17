"""Takes from the current process what it doesn't need to decode photos, as far as Linux can: see `lock_down`."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import time

MOST_OPEN_FILES = 64
NICENESS = 5
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, FAIL = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
CALL, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in `struct seccomp_data`
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CLONE_THREAD = 0x10000
X32_CALLS = 0x40000000

# Machine -> its AUDIT_ARCH, and its numbers of system calls. Refused: processes, sockets, other processes' memory and
# signals, files' names, sizes and rights, and the kernel's doors to all of these. Source: the kernel's
# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
REFUSED = {
    "x86_64": (
        0xC000003E,
        [41, 42, 43, 49, 50, 53, 57, 58, 59, 62, 76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94]
        + [101, 129, 133, 165, 200, 250, 258, 259, 260, 263, 264, 265, 266, 268, 272, 285, 288, 297, 308]
        + [310, 311, 316, 319, 321, 322, 323, 424, 425, 452],
    ),
    "aarch64": (
        0xC00000B7,
        [33, 34, 35, 36, 37, 38, 40, 45, 46, 47, 52, 53, 54, 55, 97, 117, 129, 130, 138, 198, 199, 200]
        + [201, 202, 203, 219, 221, 240, 242, 268, 270, 271, 276, 279, 280, 281, 282, 424, 425, 452],
    ),
}
# Machine -> numbers of `open` (None: there is none), `openat`, `clone`, `tgkill` and `prlimit64`, which depend on their
# arguments: a process may send signals to itself and change its own limits, not those of others.
# Libraries have another way where the two newer calls do not exist.
PARTLY_REFUSED: dict[str, tuple[int | None, int, int, int, int]] = {
    "x86_64": (2, 257, 56, 234, 302),
    "aarch64": (None, 56, 220, 131, 261),
}
CLONE3, OPENAT2 = 435, 437


def lock_down() -> None:
    """Lower priority; no core dumps, no bytes written to files, few open files; and by `seccomp`, where it can be had:
    no network, no child processes, no signals to others, no file created, opened for writing, renamed or deleted.

    Call it while the process has a single thread. It cannot be undone.
    """
    os.nice(NICENESS)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MOST_OPEN_FILES),
    ):
        resource.setrlimit(limit, (value, value))
    filter_system_calls()


def limit_memory(num_bytes: int, forever: bool = False) -> None:
    """Limits the address space.

    Args:
        num_bytes: in all.
        forever: whether no later limit can be higher.
    """
    most = num_bytes if forever else resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (num_bytes, most))


def address_space() -> int:
    """The bytes that the process's address space has now."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * PAGE


def limit_cpu(until_s: float) -> None:
    """Ends the process by `SIGPROF` once it has used `until_s` seconds of processor time in all.

    Not by `RLIMIT_CPU`, which counts in whole seconds.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, max(until_s - time.process_time(), 1e-6))


def filter_system_calls() -> bool:
    """Installs the `seccomp` filter for this process; False where the system has none, or for another machine."""
    machine = platform.machine()
    if machine not in REFUSED:
        return False
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _program(machine))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(code) // 8, ctypes.addressof(buffer))  # struct sock_fprog
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) == 0


def _program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter as BPF instructions: code, jump if true, jump if false, value."""
    architecture, refused = REFUSED[machine]
    plain_open, open_at, clone, signal_thread, limits = PARTLY_REFUSED[machine]
    no, missing, yes = (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, FAIL | errno.ENOSYS), (RETURN, 0, 0, ALLOW)
    program = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), no, (LOAD, 0, 0, CALL)]
    program += [(AT_LEAST, 0, 1, X32_CALLS), no]
    for number in (CLONE3, OPENAT2):
        program += [(EQUAL, 0, 1, number), missing]
    for number in refused:
        program += [(EQUAL, 0, 1, number), no]
    for call, place in ((plain_open, 1), (open_at, 2)):
        if call is not None:
            program += [(EQUAL, 0, 4, call), (LOAD, 0, 0, ARGUMENTS + 8 * place), (ANY_BIT, 0, 1, WRITING), no, yes]
    program += [(EQUAL, 0, 4, clone), (LOAD, 0, 0, ARGUMENTS), (ANY_BIT, 1, 0, CLONE_THREAD), no, yes]
    for call, own in ((signal_thread, os.getpid()), (limits, 0)):
        program += [(EQUAL, 0, 4, call), (LOAD, 0, 0, ARGUMENTS), (EQUAL, 1, 0, own), no, yes]
    return [*program, yes]


__all__ = ["address_space", "limit_cpu", "limit_memory", "lock_down"]
