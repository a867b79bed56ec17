"""Open any photo safely: every file, image or array becomes an upright RGB image, or one sentence that says why not."""

from __future__ import annotations

import os
import struct
import zlib

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from .colour_profiles import to_srgb
from .errors import PhotoError
from .formats import WANTED
from .grey_depth import grey_to_uint8
from .opening import open_file, why_not_opened
from .photo_file import PhotoFile
from .photo_names import photo_name, photo_path, shown_name
from .photo_reading import NoPictureError, Picture, open_picture
from .plugin_formats import MissingPackageError
from .signatures import RAW, content_of, picture_of
from .unsupported import unsupported_kind

# Below Pillow's own warning at 89.5 megapixels, so that its global limit need not be touched; 85 megapixels hold
# 340 MB in memory.
MAX_PIXELS = 85_000_000

Photo = str | os.PathLike | Image.Image | np.ndarray
"""A path; a PIL image of any mode; or a uint8 array of shape `(height, width)`, `(height, width, 3)` RGB or
`(height, width, 4)` RGBA."""

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


def open_photo(photo: Photo, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Opens a photo as an upright image of mode RGB.

    EXIF orientation and the colour profile are applied, transparency is laid over white, more than 8 bits are scaled
    to 8 (see `grey_to_uint8`), and of an animation the first frame is taken. A RAW photo like TIFF gives the largest
    picture inside. The caller's image or array stays as it is.

    Args:
        photo: see `Photo`.
        max_pixels: the largest width × height that is decoded.

    Raises:
        PhotoError: if it cannot be used, as one sentence that can be shown to the person who chose the photo.
    """
    if isinstance(photo, Image.Image):
        return _upright_rgb(Picture(photo, _given_orientation(photo)), "The image", max_pixels)
    if isinstance(photo, np.ndarray):
        return _upright_rgb(Picture(_from_array(photo)), "The image", max_pixels)
    if photo is None or photo == "":
        raise PhotoError(f"There is no photo: choose {WANTED}.")
    if not isinstance(photo, (str, os.PathLike)):
        raise PhotoError(f"The photo is a Python {type(photo).__name__}: give a path, a PIL image or an RGB array.")
    name = shown_name(photo)
    try:
        with open_file(photo, name) as file:
            return _read(file, name, max_pixels)
    except (OSError, ValueError) as error:
        raise PhotoError(why_not_opened(error, photo, name)) from error


def _read(file: PhotoFile, name: str, max_pixels: int) -> Image.Image:
    try:
        picture = open_picture(file, max_pixels)
        _check_size(picture.image, name, max_pixels)
        picture.image.load()
    except NoPictureError:
        raise PhotoError(_other_picture(RAW, name)) from None
    except MissingPackageError as error:
        raise PhotoError(f"{name} {error}") from None
    except BOMB:
        raise PhotoError(_too_large(name, max_pixels)) from None
    except MemoryError:
        raise PhotoError(_too_much_memory(name)) from None
    except DAMAGED as error:
        raise PhotoError(_refusal(file, error, name)) from error
    return _upright_rgb(picture, name, max_pixels, owned=True)


def _check_size(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if not width or not height:
        raise PhotoError(f"{name} has no pixels ({width} × {height}): choose {WANTED}.")
    if width * height > max_pixels:
        raise PhotoError(_too_large(name, max_pixels, f" ({width} × {height} pixels)"))


def _upright_rgb(picture: Picture, name: str, max_pixels: int, owned: bool = False) -> Image.Image:
    """The picture as upright RGB, without its metadata; `owned` allows to change its image, which saves a copy."""
    image = picture.image
    _check_size(image, name, max_pixels)
    try:
        image.load()
        rgb = _to_rgb(picture, owned)
        if (turn := TURNS.get(picture.orientation)) is not None:
            rgb = rgb.transpose(turn)
        elif rgb is image and not owned:
            rgb = image.copy()
    except BOMB:
        raise PhotoError(_too_large(name, max_pixels)) from None
    except MemoryError:
        raise PhotoError(_too_much_memory(name)) from None
    except DAMAGED as error:
        raise PhotoError(_damaged(name)) from error
    # Left in place, the orientation would be applied a second time by whoever opens the result again.
    rgb.info = {}
    return rgb


def _given_orientation(image: Image.Image) -> int:
    """The orientation of the caller's image: as `getexif` says, which the caller may have changed."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DAMAGED:  # broken metadata must not cost the picture
        return 1
    return value if isinstance(value, int) else 1


def _to_rgb(picture: Picture, owned: bool) -> Image.Image:
    image = picture.image
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _grey(picture)
    elif image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if isinstance(profile, bytes) and profile:
        image = to_srgb(image, profile, in_place=owned or image is not picture.image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _grey(picture: Picture) -> Image.Image:
    """8 bits from more; with an alpha channel if one value is transparent."""
    values = np.asarray(picture.image)
    pixels = grey_to_uint8(values, picture.bits)
    image = Image.fromarray(255 - pixels if picture.is_negative else pixels)
    transparent = picture.image.info.get("transparency")
    if isinstance(transparent, int):
        image = image.convert("RGBA")
        image.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return image


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


def _too_much_memory(name: str) -> str:
    return f"{name} does not fit into memory: save it smaller, for example 4000 pixels wide."


def _other_picture(kind: str, name: str) -> str:
    return f"{name} is {kind}, which cannot be read here: save or export it as JPEG and try again."


def _refusal(file: PhotoFile, error: Exception, name: str) -> str:
    """Why a file that Pillow cannot read is no photo, or what is wrong with it."""
    if kind := unsupported_kind(file, error):
        return f"{name} is {kind} that cannot be read here: save or export it as a usual JPEG and try again."
    if not isinstance(error, UnidentifiedImageError):
        return _damaged(name)
    head = file.read_at(0, 512)
    if picture := picture_of(head):
        return _other_picture(picture, name)
    content = content_of(head)
    return _damaged(name) if content is None else f"{name} is not a photo (it holds {content}): choose {WANTED}."


__all__ = ["MAX_PIXELS", "Photo", "open_photo", "photo_name", "photo_path"]
