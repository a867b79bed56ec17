"""Open any photo safely: every file, image or array becomes an upright RGB image, or one sentence that says why not."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from pathlib import Path, PurePath

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from .errors import PhotoError
from .formats import FORMATS, WANTED
from .photo_file import PhotoFile, check_scans
from .signatures import HEIC, JPEG_START, content_of

# Below Pillow's own warning at 89.5 megapixels, so that its global limit need not be touched; 85 megapixels hold
# 340 MB in memory.
MAX_PIXELS = 85_000_000

Photo = str | os.PathLike | Image.Image | np.ndarray
"""A path; a PIL image of any mode; or a uint8 array of shape `(height, width)`, `(height, width, 3)` RGB or
`(height, width, 4)` RGBA."""

MAX_NAME = 120

# What Pillow's readers raise on damaged files, found by changing, cutting and removing bytes of files of all formats:
# RuntimeError is the AVIF decoder's, AssertionError that of a closed image. DecompressionBombWarning is raised only
# where warnings are turned into errors.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
)
BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the lossless operation that makes the picture upright."""


def photo_name(photo: object) -> str:
    """The base name of a path, safe to print (no control, direction or undecodable characters); else "image"."""
    if not isinstance(photo, (str, os.PathLike)):
        return "image"
    name = PurePath(os.fsdecode(photo)).name
    name = "".join(character if character.isprintable() else "?" for character in name)
    return (name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…") or "image"


def photo_path(photo: object) -> str | None:
    """The path as it was given; None for an image or an array. Undecodable bytes stay as `os.fsdecode` has them."""
    return os.fsdecode(photo) if isinstance(photo, (str, os.PathLike)) else None


def open_photo(photo: Photo, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Opens a photo as an upright image of mode RGB.

    EXIF orientation is applied, transparency is laid over white, 16 bits are scaled to 8, and of an animation the
    first frame is taken. The caller's image or array stays as it is.

    Args:
        photo: see `Photo`.
        max_pixels: the largest width × height that is decoded.

    Raises:
        PhotoError: if it cannot be used, as one sentence that can be shown to the person who chose the photo.
    """
    if isinstance(photo, Image.Image):
        return _upright_rgb(photo, "The image", max_pixels)
    if isinstance(photo, np.ndarray):
        return _upright_rgb(_from_array(photo), "The image", max_pixels)
    if photo is None or photo == "":
        raise PhotoError(f"There is no photo: choose {WANTED}.")
    if not isinstance(photo, (str, os.PathLike)):
        raise PhotoError(f"The photo is a Python {type(photo).__name__}: give a path, a PIL image or an RGB array.")
    name = f"“{photo_name(photo)}”"
    try:
        path = Path(os.fsdecode(photo))
        _check_file(path, name)
        with PhotoFile(path.open("rb", buffering=0)) as file:
            return _read(file, name, max_pixels)
    except PermissionError:
        raise PhotoError(f"{name} may not be read: change its permissions or choose another photo.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise PhotoError(f"{name} does not exist: check the spelling and the folder.") from None
    except (OSError, ValueError) as error:  # a name with a null byte or too long, a failing disk
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise PhotoError(f"{name} cannot be opened ({reason}): check the path or choose another photo.") from error


def _check_file(path: Path, name: str) -> None:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError(f"{name} is a folder: name the photos inside it, for example with *.jpg.")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError(f"{name} is a device or pipe, not a file: choose {WANTED}.")
    if status.st_size == 0:
        raise PhotoError(f"{name} is empty (0 bytes): save or download it again, or choose another photo.")


def _read(file: PhotoFile, name: str, max_pixels: int) -> Image.Image:
    head = file.read(512)
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
        if head.startswith(JPEG_START):
            check_scans(file, image.width * image.height)
    except UnidentifiedImageError:
        raise PhotoError(_not_a_photo(head, name)) from None
    except BOMB:
        raise PhotoError(_too_large(name, max_pixels)) from None
    except (*DAMAGED, MemoryError) as error:
        raise PhotoError(_damaged(name)) from error
    return _upright_rgb(image, name, max_pixels, owned=True)


def _upright_rgb(image: Image.Image, name: str, max_pixels: int, owned: bool = False) -> Image.Image:
    """`image` as upright RGB, without its metadata; `owned` allows returning `image` itself, which saves a copy."""
    width, height = image.size
    if not width or not height:
        raise PhotoError(f"{name} has no pixels ({width} × {height}): choose {WANTED}.")
    if width * height > max_pixels:
        raise PhotoError(_too_large(name, max_pixels, f" ({width} × {height} pixels)"))
    try:
        image.load()
        turn = TURNS.get(_orientation(image))
        rgb = _to_rgb(image)
        if turn is not None:
            rgb = rgb.transpose(turn)
        elif rgb is image and not owned:
            rgb = image.copy()
    except BOMB:
        raise PhotoError(_too_large(name, max_pixels)) from None
    except MemoryError:
        raise PhotoError(f"{name} does not fit into memory: save it smaller, for example 4000 pixels wide.") from None
    except DAMAGED as error:
        raise PhotoError(_damaged(name)) from error
    # Left in place, the orientation would be applied a second time by whoever opens the result again.
    rgb.info = {}
    return rgb


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except DAMAGED:  # broken metadata must not cost the picture
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    if image.mode == "F" or image.mode.startswith("I"):
        image = Image.fromarray(_to_uint8(np.asarray(image)))
    return image.convert("RGB")


def _to_uint8(values: np.ndarray) -> np.ndarray:
    """Grey values `(height, width)` of 16 or 32 bits or floats as uint8.

    Integers in 0..65535 are 16-bit samples; floats in 0..1 or 0..255 keep that scale; all else is stretched from its
    least to its greatest finite value.
    """
    if values.dtype.kind == "f":
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        if low >= 0 and high <= 255:
            low, high = 0.0, 1.0 if high <= 1 else 255.0
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    else:
        low, high = int(values.min()), int(values.max())
        if low >= 0 and high <= 65535:
            return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.rint((values - np.float32(low)) * np.float32(255 / ((high - low) or 1))).clip(0, 255).astype(np.uint8)


def _from_array(pixels: np.ndarray) -> Image.Image:
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise PhotoError(
            f"The image is an array of {pixels.dtype} with shape {pixels.shape}: give uint8 with shape "
            "(height, width), (height, width, 3) or (height, width, 4)."
        )
    if pixels.size == 0:
        raise PhotoError(f"The image has no pixels (an array with shape {pixels.shape}): choose another photo.")
    return Image.fromarray(np.ascontiguousarray(pixels))


def _too_large(name: str, max_pixels: int, found: str = "") -> str:
    limit = f"{max_pixels / 1e6:g} megapixels"
    return f"{name} is too large{found}: the limit is {limit}, save it smaller and try again."


def _damaged(name: str) -> str:
    return f"{name} is damaged or cut short: save or download it again, or choose another photo."


def _not_a_photo(head: bytes, name: str) -> str:
    content = content_of(head)
    if content is None:
        return _damaged(name)
    if content == HEIC:
        return f"{name} is {HEIC}, which cannot be read here: save or export it as JPEG and try again."
    return f"{name} is not a photo (it holds {content}): choose {WANTED}."
