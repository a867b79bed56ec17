"""Where `--csv` and other options write: a file that is none of the photos and videos, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from .errors import UsageError
from .formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES
from .replaced_file import check_place
from .standard_input import StandardInput
from .video_formats import VIDEO_SUFFIXES

STANDARD_OUTPUT = "-"


def check_target(target: str, inputs: Iterable[str | os.PathLike], option: str = "--csv", ending: str = ".csv") -> None:
    """
    Args:
        target: what stands after the option.
        inputs: paths that will be read, existing or not.
        option: for sentences.
        ending: how its files are called. Another one is allowed, unless it is that of a photo or video.

    Raises:
        UsageError: it is one of the inputs, by whatever name or link, or any photo or video by its suffix; or a folder,
            or in none; or cannot be written.
    """
    if target == STANDARD_OUTPUT:
        return
    wanted = f"name a file that ends in {ending} after {option}."
    if not target:
        raise UsageError(f"{option} is given no name: {wanted}")
    real = _resolved(target)
    suffixes = {os.path.splitext(name)[1].lower() for name in (target, real)} - {ending}
    for kind, found in (("photo", PHOTO_SUFFIXES | UNREADABLE_SUFFIXES), ("video", VIDEO_SUFFIXES)):
        if suffixes & found:
            raise UsageError(f"{option} {target} would overwrite a {kind}: {wanted}")
    for each in inputs:
        if is_same_file(each, real):
            kind = "video" if os.path.splitext(each)[1].lower() in VIDEO_SUFFIXES else "photo"
            raise UsageError(f"{option} {target} would overwrite a {kind}: {wanted}")
    if os.path.isdir(real):
        raise UsageError(f"{target} is a folder: name a file inside it after {option}.")
    parent = os.path.dirname(real)
    if not os.path.isdir(parent):
        raise UsageError(f"{target} cannot be written, as its folder does not exist: make it, or change {option}.")
    with told(target, option):
        # A pipe without a name, as of a shell's `>(…)`, is there, and its resolved path is not.
        check_place(target if os.path.exists(target) else real)


@contextmanager
def open_target(target: str, option: str = "--csv") -> Iterator[TextIO]:
    """What the CSV is written to, as UTF-8; line by line, so that an interrupted run leaves what was done.

    Raises:
        UsageError: it cannot be written.
    """
    if target == STANDARD_OUTPUT:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", newline="", line_buffering=True)
        yield sys.stdout
        return
    with told(target, option):
        file = open(target, "w", newline="", encoding="utf-8", buffering=1)  # noqa: SIM115
    with file:
        yield file


def is_same_file(photo: str | os.PathLike, real: str) -> bool:
    """Whether a path that is read is the file at a resolved one, by whatever name or link."""
    try:
        if isinstance(photo, StandardInput):  # which may come from a file: `python -m gender_age - < photo`
            return os.path.samestat(os.fstat(sys.stdin.fileno()), os.stat(real))
        # By device and inode: that sees hard links, and names that differ in case alone where the file system takes
        # them for one.
        return os.path.samefile(photo, real)
    except (AttributeError, OSError, ValueError):  # one of them does not exist
        return _resolved(photo) == real and not isinstance(photo, StandardInput)


@contextmanager
def told(target: str, option: str) -> Iterator[None]:
    """Turns what the system says about a place into a sentence.

    Args:
        target: the place, as it was given.
        option: that gave it.

    Raises:
        UsageError: what is done inside the `with` cannot be.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise UsageError(f"{target} cannot be written ({reason}): name another file after {option}.") from error


def _resolved(path: str | os.PathLike) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a null byte, which no file's name holds
        return os.fspath(path)


__all__ = ["STANDARD_OUTPUT", "check_target", "is_same_file", "open_target", "told"]
