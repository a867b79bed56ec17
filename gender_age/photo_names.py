"""How a photo is called: a name that is safe to show, the path as given, and what a path that is no file may be."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import PurePath

from .standard_input import StandardInput

MAX_NAME = 120
# The zero-width non-joiner and joiner: of Persian and Indic words, and of emoji.
JOINERS = "\u200c\u200d"
# One letter before a colon is a drive of Windows; `Path("https://x")` has one slash.
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://?|(data):[\w.+/-]*[;,]", re.IGNORECASE)


def photo_name(photo: object) -> str:
    """The base name of a path, as `printable` shows it.

    "." stays ".", the root is "folder", and what is no path is "image".
    """
    path = photo_path(photo)
    if not path:
        return "image"
    name = PurePath(path).name or ("." if PurePath(path) == PurePath(".") else "folder")
    name = printable(name)
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def printable(text: str) -> str:
    """Text on one line, without control, direction or undecodable characters, for each of which a "?" stands.

    All spaces become the plain one, such as that of macOS before "AM", and joiners stay between what they join.
    """
    text = "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)
    around = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return "".join(
        character
        if character.isprintable() or (character in JOINERS and _is_visible(before) and _is_visible(after))
        else "?"
        for before, character, after in around
    )


def photo_path(photo: object) -> str | None:
    """The path as it was given; None for an image or an array. Undecodable bytes stay as `os.fsdecode` has them."""
    return os.fsdecode(photo) if isinstance(photo, (str, os.PathLike)) else None


def shown_name(photo: object) -> str:
    """The photo as a sentence about it begins: “beach.jpg”, or “/” for a root."""
    path = photo_path(photo)
    if isinstance(photo, StandardInput):
        return "Standard input"
    is_root = path and not PurePath(path).name and PurePath(path) != PurePath(".")
    return f"“{path if is_root else photo_name(photo)}”"


def address_scheme(path: str) -> str | None:
    """`"https"` for `https://…`, likewise for every other address; None for a path."""
    found = ADDRESS.match(path)
    return found and (found[1] or found[2]).lower()


def _is_visible(character: str) -> bool:
    return character.isprintable() and character != " "


__all__ = ["address_scheme", "photo_name", "photo_path", "printable", "shown_name"]
