"""Standard error without what C libraries write there: libtiff warns on many photos, and names their files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STDERR = 2


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Drops what is written to file descriptor 2 directly; Python's `sys.stderr` goes on as before.

    For programs, around all that they do: descriptors belong to the whole process with all its threads, so a library
    leaves them alone. Processes started inside inherit the silence, unless they are given a `stderr`. Enter it before
    logging is set up, as a logging handler keeps the `sys.stderr` that it first saw.
    """
    stream = sys.stderr
    if not _writes_to_stderr(stream):  # there is no terminal, or a test has captured the stream
        yield
        return
    stream.flush()
    # Not closed at the end: whoever kept the stream may go on writing to it.
    kept = os.dup(STDERR)
    sys.stderr = open(kept, "w", buffering=1, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, STDERR)
    os.close(null)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, STDERR)
        sys.stderr = stream


def _writes_to_stderr(stream: object) -> bool:
    try:
        return stream.fileno() == STDERR  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False


__all__ = ["quiet_native_stderr"]
