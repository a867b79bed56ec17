"""Forgets visitors' photos in time: files and what gradio keeps of a session in memory."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path

import gradio as gr

from ..shared.settings import CLEAN_EVERY_S, CLEAN_OLDER_S
from .private_folder import LOCK


class Janitor(threading.Thread):
    """Cleans up every `CLEAN_EVERY_S` seconds behind visitors who have not been seen for `CLEAN_OLDER_S`.

    gradio's own `delete_cache` ends for good when a file appears while it looks, and does not know the files of deep
    links. It never forgets a session: the newest value of every component, pictures sent as text among them, would
    stay in memory until the process ends.

    Args:
        demo: its sessions are forgotten.
        folder: all files in it are deleted in time, but those that belong to the page itself.
    """

    def __init__(self, demo: gr.Blocks, folder: Path) -> None:
        super().__init__(name="janitor", daemon=True)
        self.demo, self.folder = demo, folder

    def run(self) -> None:
        while True:
            time.sleep(CLEAN_EVERY_S)
            forget_sessions(self.demo, CLEAN_OLDER_S)
            delete_old_files(self.folder, self._of_the_page(), CLEAN_OLDER_S)

    def _of_the_page(self) -> set[Path]:
        kept = (component.keep_in_cache for component in list(self.demo.blocks.values()))
        return {self.folder / LOCK, *(Path(path) for paths in kept for path in list(paths))}


def forget_sessions(demo: gr.Blocks, seconds: float) -> None:
    """Drop the state of every session of `demo` that has not been used for so long."""
    holder = demo.state_holder
    now = datetime.now()
    for session, used in list(holder.time_last_used.items()):
        if (now - used).total_seconds() > seconds:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)


def delete_old_files(folder: Path, kept: set[Path], seconds: float) -> None:
    """Delete what was written under `folder` more than so long ago: files, and folders with nothing in them."""
    latest = time.time() - seconds
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
        try:
            if path in kept or path.lstat().st_mtime > latest:
                continue
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
        except OSError:  # gone already, or a folder with something in it
            continue
