"""Atomic writes of files and folders.

New content is written to a hidden sibling with a unique name, flushed to the disk, and renamed into place. A reader
finds either the old or the new content, also after a kill or a power cut. An error restores the old content and removes
the sibling; only a kill can leave it behind.

POSIX renames a file over another atomically, but not a folder over a non-empty one. An existing folder is therefore
moved aside first, and moved back if the second rename fails.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import TrainerError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
"""Error numbers of a full disk and of an exceeded quota."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary sibling of `path`, which replaces `path` when the block succeeds.

    Raises:
        OSError: the file cannot be written.
    """
    unfinished = _sibling(path)
    try:
        yield unfinished
        _flush(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    _flush(path.parent)


def write_whole_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file atomically.

    Raises:
        OSError: it cannot be written.
    """
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_whole_folder(
    folder: Path, write: Callable[[Path], None], strange_files: Callable[[Path], list[str]], command: str
) -> Path:
    """Replaces `folder` with a new one that `write` fills.

    Args:
        folder: the target; may exist.
        write: fills an empty folder.
        strange_files: files in an existing `folder` that `command` did not write; if any, it is not replaced.
        command: the command's name, for messages.

    Returns:
        `folder`, absolute.

    Raises:
        TrainerError: `folder` holds other files, or cannot be written.
    """
    folder = folder.resolve()
    if folder.exists():
        strange = strange_files(folder) if folder.is_dir() else [folder.name]
        if strange:
            raise TrainerError(
                f"{folder} is not replaced, because it holds {', '.join(strange[:3])}, which {command} did not write: "
                "move that away, or name another folder"
            )
    unfinished = _sibling(folder)
    try:
        unfinished.mkdir(parents=True)
        write(unfinished)
        put_in_place(unfinished, folder)
    except OSError as error:
        raise TrainerError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def put_in_place(finished: Path, folder: Path) -> None:
    """Moves the complete folder `finished` to `folder`, on the same file system, replacing an existing one.

    Raises:
        OSError: it cannot be moved; `finished` and `folder` are unchanged.
    """
    flush_folder(finished)
    former = finished.with_name(f"{finished.name}.former")
    try:
        if folder.exists():
            shutil.rmtree(former, ignore_errors=True)  # left by a killed process
            os.rename(folder, former)
        os.rename(finished, folder)
    finally:
        if former.exists() and not folder.exists():
            os.rename(former, folder)
    shutil.rmtree(former, ignore_errors=True)
    _flush(folder.parent)


def flush_folder(folder: Path) -> None:
    """Flushes all files in `folder` to the disk."""
    for path in [*folder.rglob("*"), folder]:
        _flush(path)


def _sibling(path: Path) -> Path:
    """A unique sibling of `path`, on the same file system. Process ids alone repeat across containers."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")


def _flush(path: Path) -> None:
    """Calls `fsync` on a file or a folder."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return  # Windows cannot open a folder as a file
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)  # Windows flushes no read-only handle
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems flush files only.
        if not is_folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
