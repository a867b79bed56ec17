"""The names of photos in a ZIP archive: safe to print and to write to a table."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from gender_age.photo_names import photo_name

# A longer path keeps its start and its end, where the base name is: that has 120 characters at most.
MAX_PATH, KEPT_START, KEPT_END = 200, 79, 120
# File systems allow names of 255 bytes; the page shows 120 characters of up to four bytes.
MAX_NAME_BYTES = 200
IS_WINDOWS, FORBIDDEN_THERE = os.name == "nt", re.compile(r'[<>:"|?*]')


def shown_path(parts: Sequence[str]) -> str:
    """The path inside the archive without control, direction or undecodable characters, 200 characters at most."""
    path = "/".join(photo_name(part) for part in parts if part != ".")
    return path if len(path) <= MAX_PATH else f"{path[:KEPT_START]}…{path[-KEPT_END:]}"


def file_name(name: str) -> str:
    """The base name as `photo_name` gives it, with characters and a length that the file system allows."""
    name = photo_name(name)
    if IS_WINDOWS:
        name = FORBIDDEN_THERE.sub("_", name)
    return name.encode("utf-8")[:MAX_NAME_BYTES].decode("utf-8", "ignore")
