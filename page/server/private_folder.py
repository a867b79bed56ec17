"""The private folder that uploads and downloads lie in while the page runs."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX, LOCK = "gender-age-page-", "in-use.lock"
# What decides where gradio keeps files; without it, in the system's folder for temporary files.
VARIABLE = "GRADIO_TEMP_DIR"


@contextmanager
def private_folder() -> Iterator[Path]:
    """All that this process writes goes into a new folder, which only its user can read and which goes with it, also
    when the process is told to terminate.

    A process that was killed leaves its folder behind: those of processes that no longer run are removed first. To be
    used in the main thread.
    """
    base = Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    # One process of a user at a time: another's new folder, not locked yet, would look abandoned.
    user = getattr(os, "getuid", getpass.getuser)()
    with FileLock(base / f"{PREFIX}{user}.lock"):
        remove_abandoned(base)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        in_use = FileLock(folder / LOCK)
        in_use.acquire()
    before = os.environ.get(VARIABLE), tempfile.tempdir
    handler = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.environ[VARIABLE] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop(VARIABLE)
        if before[0] is not None:
            os.environ[VARIABLE] = before[0]
        tempfile.tempdir = before[1]
        signal.signal(signal.SIGTERM, handler)
        in_use.release()
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(base: Path) -> None:
    """Remove the folders in `base` whose process is gone; another user's stay, as they cannot be removed."""
    for folder in base.glob(f"{PREFIX}*/"):
        try:
            with FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (Timeout, OSError):
            continue
