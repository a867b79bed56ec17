"""Deletes visitors' photos in time: their files, and what gradio keeps of their sessions in memory.

Missing in gradio: `delete_cache` stops for good when a file appears while it runs. It does not know the files of deep
links, nor those of a component that a `gr.update` has changed before in the session. Sessions never expire: the newest
value of every component, pictures sent as text among them, stays in memory until `state_session_capacity` other
visitors have come.
Issues: gradio#9334 (closed) and #8098 (open) on kept uploads, #7227 and #11602 (closed) on sessions. The fix of #11602,
gradio#13756, leaves a session's values alone on purpose.
Can go when: the tests of `delete_cache` and of sessions in tests/page/server/test_gradio.py fail.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import datetime
from pathlib import Path

import gradio as gr

from ..shared.settings import CLEAN_EVERY_S, CLEAN_OLDER_S
from .log_lines import summary
from .private_folder import KEPT

# Of a disk, and of gradio's own objects, which other threads change meanwhile.
FAILURES = (OSError, RuntimeError, LookupError, AttributeError, TypeError, ValueError)

logger = logging.getLogger(__name__)


class Janitor(threading.Thread):
    """A thread that every `CLEAN_EVERY_S` seconds deletes files and sessions that are older than `CLEAN_OLDER_S`.

    Args:
        demo: whose sessions are deleted.
        folder: whose files are deleted, except for those that belong to the page itself.
    """

    def __init__(self, demo: gr.Blocks, folder: Path) -> None:
        super().__init__(name="janitor", daemon=True)
        self.demo, self.folder = demo, folder

    def run(self) -> None:
        while True:
            time.sleep(CLEAN_EVERY_S)
            for clean in (self._forget_sessions, self._delete_old_files):
                try:
                    clean()
                except FAILURES as error:  # the next round deletes them
                    logger.error("Photos were not deleted in time: %s", summary(error))

    def _forget_sessions(self) -> None:
        forget_sessions(self.demo, CLEAN_OLDER_S)

    def _delete_old_files(self) -> None:
        delete_old_files(self.folder, self._of_the_page(), CLEAN_OLDER_S)

    def _of_the_page(self) -> set[Path]:
        kept = (component.keep_in_cache for component in list(self.demo.blocks.values()))
        return {*(self.folder / name for name in KEPT), *(Path(path) for paths in kept for path in list(paths))}


def forget_sessions(demo: gr.Blocks, seconds: float) -> None:
    """Deletes the state of every session of `demo` that has not been used for `seconds`."""
    holder = demo.state_holder
    now = datetime.now()
    for session, used in list(holder.time_last_used.items()):
        if (now - used).total_seconds() > seconds:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)


def delete_old_files(folder: Path, kept: set[Path], seconds: float) -> None:
    """Deletes files and empty folders under `folder` that were written more than `seconds` ago; those `kept` stay."""
    latest = time.time() - seconds
    # Unlike `Path.rglob`, `os.walk` passes over a folder that goes meanwhile.
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files + folders:
            path = Path(parent, name)
            try:
                if path in kept or path.lstat().st_mtime > latest:
                    continue
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
            except OSError:  # already deleted, or a folder that is not empty
                continue
