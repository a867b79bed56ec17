"""Writes a folder whole or not at all: made beside its place, then renamed into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def sibling(folder: Path) -> Iterator[Path]:
    """A new hidden folder beside `folder`, on the same file system so that it can be renamed; removed at the end."""
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        unfinished.chmod(0o755)  # mkdtemp's is for its owner only
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def replace(folder: Path, finished: Path) -> None:
    """Puts `finished` in the place of `folder`; what was there comes back if that fails."""
    if not folder.exists():
        os.rename(finished, folder)
        return
    former = finished.with_name(finished.name + ".former")
    os.rename(folder, former)
    try:
        os.rename(finished, folder)
    except OSError:
        os.rename(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)
