"""Writes a folder whole or not at all: made beside its place, then renamed into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import TrainerError


def write_whole(
    folder: Path, write: Callable[[Path], None], strange_files: Callable[[Path], list[str]], command: str
) -> Path:
    """Lets `write` fill a new folder, and puts that in the place of `folder`, as a whole or not at all.

    Args:
        folder: where it goes; may exist.
        write: fills an empty folder.
        strange_files: what an existing `folder` holds that `command` did not write, so that it is not replaced.
        command: the command's name, for messages.

    Returns:
        `folder`, absolute.

    Raises:
        TrainerError: `folder` holds something else, or cannot be written.
    """
    folder = folder.resolve()
    if folder.exists():
        strange = strange_files(folder) if folder.is_dir() else [folder.name]
        if strange:
            raise TrainerError(
                f"{folder} is not replaced, because it holds {', '.join(strange[:3])}, which {command} did not write: "
                "move that away, or name another folder"
            )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _sibling(folder) as unfinished:
            write(unfinished)
            _replace(folder, unfinished)
    except OSError as error:
        raise TrainerError(f"{folder} cannot be written: {error.strerror or error}") from error
    return folder


@contextmanager
def _sibling(folder: Path) -> Iterator[Path]:
    """A new hidden folder beside `folder`, on the same file system so that it can be renamed; removed at the end."""
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        unfinished.chmod(0o755)  # mkdtemp's is for its owner only
        yield unfinished
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _replace(folder: Path, finished: Path) -> None:
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
