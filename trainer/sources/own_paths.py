"""Finds the files that tables name, as people and their programs write paths."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from .own_faces import NO_FILE
from .own_records import ADDRESS, SEVERAL_FILES

MOST_NAMES = 1000
"""So many names tell where a table's absolute paths were."""


class StoredFiles:
    """Finds the files that tables name: by path from the table or the root, else by the end of the path, if unique."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = {_composed(name): name for name in names}
        self._by_base: dict[str, list[str]] = defaultdict(list)
        for name in names:
            path = PurePosixPath(_composed(name).casefold())
            for key in {path.name, path.stem}:
                self._by_base[key].append(name)

    def find(self, name: str, folder: str = "") -> tuple[str | None, str]:
        """The stored path of `name` as a table in `folder` has it, or None and why there is none.

        Case may differ, the suffix be missing in the table, and letters with accents may be composed or not.
        """
        wanted = with_slashes(_composed(name))
        for path in (posixpath.normpath(posixpath.join(folder, wanted)), wanted):
            if path in self._names:
                return self._names[path], ""
        wanted = posixpath.normpath(wanted).casefold()
        near = self._by_base.get(posixpath.basename(wanted), [])
        fitting = [each for each in near if f"/{_composed(each).casefold()}".endswith(f"/{wanted}")] or [
            each for each in near if f"/{_without_suffix(_composed(each).casefold())}".endswith(f"/{wanted}")
        ]
        if len(fitting) == 1:
            return fitting[0], ""
        return None, SEVERAL_FILES if fitting else missing_reason(name)

    def has(self, path: str) -> bool:
        """Whether a file has this path."""
        return _composed(path) in self._names


class FilesOnDisk:
    """Finds the files that a table names by absolute paths or from its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[Path, dict[str, list[str]]] = {}

    def find(self, name: str) -> Path | None:
        """The file; case may differ, the suffix be missing, and letters with accents may be composed or not."""
        for path in (self._folder / name, self._folder / with_slashes(name)):
            if _is_file(path):
                return path
        near = self._near(path.parent).get(_composed(path.name).casefold(), [])
        found = [file for file in map(path.with_name, near) if _is_file(file)]
        return found[0] if len(found) == 1 else None

    def has(self, path: str) -> bool:
        """Whether there is such a file below the folder."""
        return _is_file(self._folder / path)

    def _near(self, folder: Path) -> dict[str, list[str]]:
        """Casefolded names of a folder's files, with and without suffix -> the names."""
        if folder not in self._listed:
            try:
                names = os.listdir(folder)
            except (OSError, ValueError):
                names = []
            found = self._listed[folder] = defaultdict(list)
            for name in names:
                path = PurePosixPath(_composed(name).casefold())
                for key in {path.name, path.stem}:
                    found[key].append(name)
        return self._listed[folder]


def moved_from(names: Sequence[str], has: Callable[[str], bool]) -> str:
    """The start that absolute paths of another place have in common, where the rest of them is found; "" if none.

    Args:
        names: as a table has them.
        has: whether there is a file of that path here.
    """
    starts: Counter[str] = Counter()
    absolute = [name for name in map(with_slashes, names[:MOST_NAMES]) if is_absolute(name)]
    for name in absolute:
        parts = name.split("/")
        starts.update("/".join(parts[:end]) + "/" for end in range(1, len(parts)) if has("/".join(parts[end:])))
    # Of starts that explain as many paths, the shortest, so that most of each path has to agree.
    return min(starts, key=lambda start: (-starts[start], len(start)), default="")


def without_start(name: str, start: str) -> str:
    """A path without the start that `moved_from` found."""
    path = with_slashes(name)
    return path.removeprefix(start) if start and path.startswith(start) else name


def with_slashes(name: str) -> str:
    """A path of Windows as others write it."""
    return name.strip().replace("\\", "/")


def is_absolute(name: str) -> bool:
    """Whether a path with slashes begins at a root or a drive."""
    return name.startswith("/") or re.match(r"[A-Za-z]:/", name) is not None


def missing_reason(name: str) -> str:
    """Why a name has no file."""
    return ADDRESS if is_address(name) else NO_FILE


def is_address(name: str) -> bool:
    """Whether a name is an address of the web or of a store."""
    return re.match(r"https?://|s3://|gs://|hf://", name.strip().casefold()) is not None


def _composed(name: str) -> str:
    # macOS stores accents apart from their letters.
    return unicodedata.normalize("NFC", name)


def _without_suffix(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a null
        return False
