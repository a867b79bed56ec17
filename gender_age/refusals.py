"""Why a file is no usable photo: what Pillow raises, and one sentence that can be shown to the person who chose it."""

from __future__ import annotations

import struct
import zlib

from PIL import Image, UnidentifiedImageError

from .formats import WANTED
from .photo_file import PhotoFile
from .signatures import content_of, picture_of
from .unsupported import unsupported_kind

# What reading damaged data raises, found by changing, cutting and removing bytes of files of all formats. (RuntimeError
# is the AVIF decoder's, and zipfile's over passwords; OSError and ValueError are also names and offsets.)
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# Pillow's readers raise these as well: AssertionError is that of a closed image.
DAMAGED = (*UNREADABLE, SyntaxError, AssertionError)
# DecompressionBombWarning is raised only where warnings are turned into errors.
BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def too_large(name: str, max_pixels: int, found: str = "") -> str:
    """Args: found: what was found in place of `max_pixels`."""
    limit = f"{max_pixels / 1e6:g} megapixels"
    return f"{name} is too large{found}: the limit is {limit}, save it smaller and try again."


def damaged(name: str) -> str:
    """For a file that is cut short or changed."""
    return f"{name} is damaged or cut short: save or download it again, or choose another photo."


def too_much_memory(name: str) -> str:
    """For a picture that needs more memory than there is, or than it may take."""
    return f"{name} does not fit into memory: save it smaller, for example 4000 pixels wide."


def too_slow(name: str) -> str:
    """For a file that takes far longer than a photo of its size."""
    return f"{name} takes too long to open: save it again as a usual JPEG, or choose another photo."


def failed(name: str) -> str:
    """For a file at which the program that opens photos failed: a fault of that program's, or of a library's."""
    return f"{name} could not be opened: the program that opens photos failed at it. Save it again as a usual JPEG."


def other_picture(kind: str, name: str) -> str:
    """Args: kind: `"a RAW photo"`."""
    return f"{name} is {kind}, which cannot be read here: save or export it as JPEG and try again."


def refusal(file: PhotoFile, error: Exception, name: str) -> str:
    """Why a file that Pillow cannot read is no photo, or what is wrong with it."""
    if kind := unsupported_kind(file, error):
        return f"{name} is {kind} that cannot be read here: save or export it as a usual JPEG and try again."
    if not isinstance(error, UnidentifiedImageError):
        return damaged(name)
    head = file.read_at(0, 512)
    if picture := picture_of(head):
        return other_picture(picture, name)
    content = content_of(head)
    return damaged(name) if content is None else f"{name} is not a photo (it holds {content}): choose {WANTED}."


__all__ = [
    "BOMB",
    "DAMAGED",
    "UNREADABLE",
    "damaged",
    "other_picture",
    "refusal",
    "too_large",
    "too_much_memory",
    "too_slow",
]
