"""Files that come to their place when they are whole. Imports next to nothing: Ctrl-C needs it from the start."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_unfinished: set[str] = set()


@contextmanager
def replaced(place: str | os.PathLike) -> Iterator[str]:
    """A file to write, beside a place that it then takes, and not that of what the place links to.

    Yields:
        Its path, which is hidden and ends as the place does. Whatever goes wrong inside the `with`, it is removed.

    Raises:
        OSError: it cannot be written.
    """
    folder, name = os.path.split(place)
    with _unfinished_file(folder, os.path.splitext(name)[1]) as path:
        yield path
        os.replace(path, place)


def check_folder(folder: str | os.PathLike) -> None:
    """
    Raises:
        OSError: no file can be made in it, which permissions alone do not tell.
    """
    with _unfinished_file(folder, ""):
        pass


def check_place(place: str | os.PathLike) -> None:
    """
    Raises:
        OSError: no file can be written there, or, of a folder, in it. What is not there yet is not made.
    """
    try:
        os.stat(place)
    except FileNotFoundError:
        check_place(os.path.dirname(os.path.abspath(place)))
        return
    if os.path.isdir(place):
        check_folder(place)
    elif not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def remove_unfinished() -> None:
    """Removes the files that are being written; for a program that ends without leaving the `with`."""
    for path in tuple(_unfinished):
        with suppress(OSError):
            os.unlink(path)


@contextmanager
def _unfinished_file(folder: str | os.PathLike, suffix: str) -> Iterator[str]:
    path = os.path.join(folder, f".{os.urandom(8).hex()}{suffix}")
    # Before it is there: Ctrl-C may come at any time.
    _unfinished.add(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield path
    finally:
        with suppress(OSError):  # it has taken its place
            os.unlink(path)
        _unfinished.discard(path)


__all__ = ["check_folder", "check_place", "remove_unfinished", "replaced"]
