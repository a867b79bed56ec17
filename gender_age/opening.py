"""Opens what a path names, or says in one sentence why that is no file of a photo or video."""

from __future__ import annotations

import io
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from .errors import PhotoError
from .formats import WANTED
from .photo_bytes import PhotoBytes, TemporaryCopy
from .photo_file import PhotoFile
from .photo_names import address_scheme
from .standard_input import StandardInput

BASE64 = re.compile(r"(/9j/|iVBORw0KGgo|R0lGOD|UklGR)[A-Za-z0-9+/=\s]{60,}")
"""How JPEG, PNG, GIF and WebP begin as text."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file should be, in the words of sentences.

    Attributes:
        word: "photo".
        wanted: what to choose: "a JPEG or PNG photo".
        pattern: of names of such files.
        given: what is taken for one.
    """

    word: str
    wanted: str
    pattern: str
    given: str


PHOTO = Kind("photo", WANTED, "*.jpg", "a path, a PIL image or an RGB array")


def open_file(photo: str | os.PathLike, name: str, kind: Kind = PHOTO) -> PhotoFile:
    """The file of a photo or video, open for reading.

    Args:
        photo: its path, or what stands for one.
        name: how sentences call it.

    Raises:
        PhotoError: it is a folder, a device or empty.
        OSError, ValueError: it cannot be opened; `why_not_opened` makes a sentence of them.
    """
    if isinstance(photo, (StandardInput, PhotoBytes, TemporaryCopy)):
        data = photo.read()
        if not data.seek(0, io.SEEK_END):
            piped = isinstance(photo, StandardInput)
            raise PhotoError(_empty(name, "pipe a photo into the command" if piped else _save_again(kind)))
        data.seek(0)
        return PhotoFile(data)
    path = Path(os.fsdecode(photo))
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError(f"{name} is a folder: name the {kind.word}s inside it, for example with {kind.pattern}.")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError(f"{name} is a device or pipe, not a file: choose {kind.wanted}.")
    if status.st_size == 0:
        raise PhotoError(_empty(name, _save_again(kind)))
    return PhotoFile(path.open("rb", buffering=0))


def why_not_opened(error: Exception, photo: str | os.PathLike, name: str, kind: Kind = PHOTO) -> str:
    """The sentence for an error of `open_file`, or of reading the file it opened."""
    if isinstance(photo, StandardInput):
        reason = getattr(error, "strerror", None) or str(error)
        return f"{name} cannot be read ({reason}): save the photo as a file and name that."
    if isinstance(error, PermissionError):
        return f"{name} may not be read: change its permissions or choose another {kind.word}."
    scheme = address_scheme(os.fsdecode(photo))
    if scheme == "file":
        return f"{name} is an address (file:), not a path: name the file by its path alone."
    if scheme:
        return f"{name} is an address ({scheme}:), not a file: download the {kind.word} first, then name its file."
    if BASE64.fullmatch(os.fsdecode(photo)):
        return "The photo is base64 text, not a path: decode it, then give the picture or name its file."
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return f"{name} does not exist: check the spelling and the folder."
    # A name with a null byte or too long, a failing disk.
    reason = getattr(error, "strerror", None) or "the path is not valid"
    return f"{name} cannot be opened ({reason}): check the path or choose another {kind.word}."


def _empty(name: str, advice: str) -> str:
    return f"{name} is empty (0 bytes): {advice}."


def _save_again(kind: Kind) -> str:
    return f"save or download it again, or choose another {kind.word}"


__all__ = ["PHOTO", "Kind", "open_file", "why_not_opened"]
