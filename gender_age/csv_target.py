"""Where `--csv` writes: a file that is none of the photos, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from .errors import UsageError
from .formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES
from .standard_input import StandardInput

STANDARD_OUTPUT = "-"


def check_target(target: str, photos: Iterable[str | os.PathLike]) -> None:
    """
    Args:
        target: what stands after `--csv`.
        photos: paths that will be read, existing or not.

    Raises:
        UsageError: it is one of the photos, by whatever name or link, or any photo by its suffix; or a folder, or in
            none.
    """
    if target == STANDARD_OUTPUT:
        return
    if not target:
        raise UsageError("--csv is given no name: name a file that ends in .csv after it.")
    real = _resolved(target)
    suffixes = {os.path.splitext(name)[1].lower() for name in (target, real)}
    if suffixes & (PHOTO_SUFFIXES | UNREADABLE_SUFFIXES) or any(_is_same_file(photo, real) for photo in photos):
        raise UsageError(f"--csv {target} would overwrite a photo: name a file that ends in .csv after --csv.")
    if os.path.isdir(real):
        raise UsageError(f"{target} is a folder: name a file inside it after --csv.")
    parent = os.path.dirname(real)
    if not os.path.isdir(parent):
        raise UsageError(f"{target} cannot be written, as its folder does not exist: make it, or change --csv.")


@contextmanager
def open_target(target: str) -> Iterator[TextIO]:
    """What the CSV is written to, as UTF-8; line by line, so that an interrupted run leaves what was done.

    Raises:
        UsageError: it cannot be written.
    """
    if target == STANDARD_OUTPUT:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", newline="", line_buffering=True)
        yield sys.stdout
        return
    try:
        file = open(target, "w", newline="", encoding="utf-8", buffering=1)  # noqa: SIM115
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise UsageError(f"{target} cannot be written ({reason}): name another file after --csv.") from error
    with file:
        yield file


def _is_same_file(photo: str | os.PathLike, real: str) -> bool:
    try:
        if isinstance(photo, StandardInput):  # which may come from a file: `python -m gender_age - < photo`
            return os.path.samestat(os.fstat(sys.stdin.fileno()), os.stat(real))
        # By device and inode: that sees hard links, and names that differ in case alone where the file system takes
        # them for one.
        return os.path.samefile(photo, real)
    except (AttributeError, OSError, ValueError):  # one of them does not exist
        return _resolved(photo) == real and not isinstance(photo, StandardInput)


def _resolved(path: str | os.PathLike) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a null byte, which no file's name holds
        return os.fspath(path)


__all__ = ["STANDARD_OUTPUT", "check_target", "open_target"]
