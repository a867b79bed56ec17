"""A private folder for uploads and downloads while the page runs.

Missing in gradio: without `GRADIO_TEMP_DIR` all apps of a machine share one folder, `gradio` in the system's temporary
folder, which others may read; and a process that is terminated or killed leaves its files there.
Issues: gradio#3950 (closed) and #9334 (closed) on files that are left; none was found on the shared folder.
Can go when: `test_all_apps_share_one_folder_that_stays` in tests/page/server/test_gradio.py fails.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .ending import end

PREFIX = "gender-age-page-"
# In a folder: locked while its process runs; and made once that is so.
LOCK, IN_PLACE = "in-use.lock", "in-place"
KEPT = (LOCK, IN_PLACE)
# gradio keeps files in this folder; without it, in the system's folder for temporary files.
VARIABLE = "GRADIO_TEMP_DIR"
# gradio imports matplotlib, which where there is no home makes a folder of its own and complains at the end that it has
# gone with ours.
MATPLOTLIB = "MPLCONFIGDIR"
# Nobody needs so long from making a folder to locking it.
LONGEST_START_S = 3600


@contextmanager
def private_folder() -> Iterator[Path]:
    """Makes a folder that only this user can read, for everything that the process writes, and removes it at the end.

    SIGTERM ends the process with that clean-up, and so does SIGHUP, the end of its terminal, unless it is ignored. A
    killed process leaves its folder behind: the folders of processes that no longer run are removed first. Nothing is
    shared with other processes or users, so that none can be in the way. Meanwhile, whatever the umask, the process can
    read what it writes. Use it in the main thread.

    Raises:
        OSError: there is no place for temporary files.
    """
    base = Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    with ExitStack() as undo:
        umask = os.umask(0o077)
        undo.callback(os.umask, umask)
        os.umask(umask & ~stat.S_IRWXU)
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_abandoned(base)
        # As gradio has paths: macOS's temporary folder is a link.
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base)).resolve()
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        undo.enter_context(FileLock(folder / LOCK))
        (folder / IN_PLACE).touch()
        undo.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = str(folder)
        undo.callback(_set, VARIABLE, os.environ.get(VARIABLE))
        _set(VARIABLE, str(folder))
        if MATPLOTLIB not in os.environ and not os.access(os.path.expanduser("~"), os.W_OK):
            undo.callback(_set, MATPLOTLIB, None)
            _set(MATPLOTLIB, str(folder / "matplotlib"))
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):  # Windows has no SIGHUP, and nohup ignores it
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                undo.callback(signal.signal, number, signal.signal(number, end))
        yield folder


def remove_abandoned(base: Path) -> None:
    """Removes this user's folders in `base` whose process no longer runs; links, and what is another user's, stay."""
    for folder in base.glob(f"{PREFIX}*/"):
        try:
            found = folder.lstat()
            is_made = (folder / IN_PLACE).exists() or time.time() - found.st_mtime > LONGEST_START_S
            if not is_made or not stat.S_ISDIR(found.st_mode) or not _is_ours(found):
                continue
            with FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # Windows cannot delete an open lock file
                folder.rmdir()
        except (Timeout, OSError):
            continue


def _is_ours(found: os.stat_result) -> bool:
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()


def _set(variable: str, value: str | None) -> None:
    """Sets a variable of the environment; None removes it."""
    os.environ.pop(variable, None)
    if value is not None:
        os.environ[variable] = value
