"""A private folder for uploads and downloads while the page runs.

Missing in gradio: without `GRADIO_TEMP_DIR` all apps of a machine share one folder, `gradio` in the system's temporary
folder, which others may read; and a process that is terminated or killed leaves its files there.
Issues: gradio#3950 (closed) and #9334 (closed) on files that are left; none was found on the shared folder.
Can go when: `test_all_apps_share_one_folder_that_stays` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .ending import end

PREFIX, LOCK = "gender-age-page-", "in-use.lock"
# gradio keeps files in this folder; without it, in the system's folder for temporary files.
VARIABLE = "GRADIO_TEMP_DIR"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Makes a folder that only this user can read, for everything that the process writes, and removes it at the end.

    SIGTERM ends the process with that clean-up. A killed process leaves its folder behind: the folders of processes
    that no longer run are removed first. Use it in the main thread.
    """
    base = Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    # One process of a user at a time: a new folder that is not locked yet would look abandoned.
    user = getattr(os, "getuid", getpass.getuser)()
    with FileLock(base / f"{PREFIX}{user}.lock"):
        remove_abandoned(base)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        in_use = FileLock(folder / LOCK)
        in_use.acquire()
    before = os.environ.get(VARIABLE), tempfile.tempdir
    handler = signal.signal(signal.SIGTERM, end)
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
    """Removes the folders in `base` whose process no longer runs. Those of other users stay: they cannot be removed."""
    for folder in base.glob(f"{PREFIX}*/"):
        try:
            with FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (Timeout, OSError):
            continue
