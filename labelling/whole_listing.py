"""Listings that are whole, or an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from .errors import LabellingError, first_line

# Beside hidden ones. Systems make the last two in the root of a disk, and let few people in.
NO_PHOTOS = ("__MACOSX", "lost+found", "System Volume Information")


@contextmanager
def whole_listing(fs: AbstractFileSystem, root: str, pattern: str = "**") -> Iterator[None]:
    """Lets `find` and `glob` of `root` fail at a folder that cannot be listed, for as long as the `with` lasts.

    Both walk the folders of most stores, and fsspec's `walk` leaves out the files of such a folder. Its `on_error` is
    not handed on to the folders inside (filesystem_spec #1303); an error that is no `OSError` passes.

    Args:
        pattern: of what is looked for, relative to `root`.

    Raises:
        LabellingError: a folder that is not hidden, and may hold what is looked for, cannot be listed.
    """
    name = "_ls" if fs.async_impl else "ls"
    listed = getattr(fs, name)

    @contextmanager
    def checked(folder: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):  # deleted since, or a file
            raise
        except OSError as error:
            inside = folder[len(root) :].strip("/")
            if is_hidden(inside) or not _may_hold(inside, pattern):
                raise
            address = folder if isinstance(fs, LocalFileSystem) else fs.unstrip_protocol(folder)
            problem = f"The folder {address} cannot be read ({first_line(error)})"
            raise LabellingError(f"{problem}: check that it may be read, or name a pattern without it.") from error

    def ls(folder: str, *given: object, **options: object) -> list:
        with checked(folder):
            return listed(folder, *given, **options)

    async def _ls(folder: str, *given: object, **options: object) -> list:
        with checked(folder):
            return await listed(folder, *given, **options)

    setattr(fs, name, _ls if fs.async_impl else ls)
    try:
        yield
    finally:
        delattr(fs, name)


def is_hidden(inside: str) -> bool:
    """Whether a place in SOURCE is left out.

    Args:
        inside: the place relative to SOURCE.
    """
    return any(part.startswith(".") or part in NO_PHOTOS for part in inside.split("/"))


def _may_hold(folder: str, pattern: str) -> bool:
    """Whether something in the folder can match; both are relative to SOURCE."""
    for name, wanted in zip(filter(None, folder.split("/")), pattern.split("/"), strict=False):
        if "**" in wanted:
            return True
        if not re.match(glob_translate(wanted), name):
            return False
    return True
