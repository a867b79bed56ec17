"""Open any photo safely: every file, image or array becomes an upright RGB image, or one sentence that says why not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

import numpy as np
from PIL import ExifTags, Image

from .errors import PhotoError, PhotoTooLargeError
from .formats import WANTED
from .opening import PHOTO, Kind, open_file, why_not_opened
from .photo_file import PhotoFile
from .photo_names import photo_name, photo_path, shown_name
from .photo_reading import NoPictureError, Picture, open_picture
from .plugin_formats import MissingPackageError
from .refusals import BOMB, DAMAGED, damaged, other_picture, refusal, too_large, too_much_memory
from .signatures import RAW
from .upright import Canvas, to_srgb_or_grey, upright_rgb

# Below Pillow's own warning at 89.5 megapixels, so that its global limit need not be touched; 85 megapixels hold
# 340 MB in memory.
MAX_PIXELS = 85_000_000
# Photos have under 100 pixels a byte, and a blank page as GIF or WebP has up to 5,000. A file of 40 bytes may declare
# 85 megapixels.
BLANK_PIXELS, MAX_PIXELS_PER_BYTE = 16_000_000, 10_000
# Of a file's picture. Pillow collects a row of pixels from blocks of 64 kB and copies all of it each time: a WebP of
# 1.7 kB, 16 million pixels wide, took 19 s.
MAX_SIDE = 200_000

Photo = str | os.PathLike | Image.Image | np.ndarray
"""A path; a PIL image of any mode; or a uint8 array of shape `(height, width)`, `(height, width, 3)` RGB or
`(height, width, 4)` RGBA."""

Opener = Callable[[Photo], Image.Image]
"""`open_photo`, or what opens photos in its place."""

# A PIL image reads its file lazily through one file position, and the same image may be given twice.
_OPENING_IMAGE = Lock()


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
    if isinstance(photo, (Image.Image, np.ndarray)):
        return _open_decoded(photo, max_pixels)
    with opened_file(photo) as (file, name):
        picture = read_picture(file, name, max_pixels)
        return upright(picture, name)


def opened(photo: Photo, opener: Opener | None = None) -> Image.Image:
    """`open_photo`, for a caller who changes nothing: an image that is upright RGB already is returned itself.

    Args:
        photo: see `Photo`. Threads may give the same image at once.
        opener: in place of `open_photo`.

    Raises:
        PhotoError: it cannot be used.
    """
    if not isinstance(photo, Image.Image):
        return (opener or open_photo)(photo)
    with _OPENING_IMAGE:
        is_open = type(photo) is Image.Image and photo.mode == "RGB" and not photo.info
        if is_open and 0 < photo.width * photo.height <= MAX_PIXELS and _given_orientation(photo) == 1:
            return photo
        return open_photo(photo)


@contextmanager
def opened_file(photo: str | os.PathLike, kind: Kind = PHOTO) -> Iterator[tuple[PhotoFile, str]]:
    """The file at a path, and its name as sentences have it.

    Args:
        kind: what the file should be.

    Raises:
        PhotoError: there is no such file, or it cannot be read; also where reading fails inside the `with`.
    """
    if photo is None or photo == "":
        raise PhotoError(f"There is no {kind.word}: choose {kind.wanted}.")
    if not isinstance(photo, (str, os.PathLike)):
        raise PhotoError(f"The {kind.word} is a Python {type(photo).__name__}: give {kind.given}.")
    name = shown_name(photo)
    try:
        with open_file(photo, name, kind) as file:
            yield file, name
    except (OSError, ValueError) as error:
        raise PhotoError(why_not_opened(error, photo, name, kind)) from error


def read_picture(file: PhotoFile, name: str, max_pixels: int = MAX_PIXELS, canvas: Canvas | None = None) -> Picture:
    """The picture of a file as RGB, or as L if it is grey, not turned yet; see `open_photo`.

    Args:
        file: its position moves.
        name: as sentences have it.
        max_pixels: the largest width × height that is decoded.
        canvas: for the pixels; what it raises is taken as an error of the file.

    Raises:
        PhotoError: it is no usable photo.
    """
    num_bytes = file.size()

    def check(size_wh: tuple[int, int], image: Image.Image | None = None) -> None:
        _check_size(size_wh, name, max_pixels, num_bytes)
        if canvas is not None:
            canvas.before_decoding(size_wh, image)

    try:
        picture = open_picture(file, check)
        check(picture.image.size, picture.image)
        picture.image.load()
        return replace(picture, image=to_srgb_or_grey(picture, True, canvas))
    except NoPictureError:
        raise PhotoError(other_picture(RAW, name)) from None
    except MissingPackageError as error:
        raise PhotoError(f"{name} {error}") from None
    except BOMB:
        raise PhotoTooLargeError(too_large(name, max_pixels)) from None
    except MemoryError:
        raise PhotoError(too_much_memory(name)) from None
    except DAMAGED as error:
        raise PhotoError(refusal(file, error, name)) from error


def upright(picture: Picture, name: str) -> Image.Image:
    """The picture of `read_picture` as RGB, turned upright, without its metadata.

    Raises:
        PhotoError: there is not enough memory.
    """
    try:
        rgb = upright_rgb(picture.image, picture.orientation)
    except MemoryError:
        raise PhotoError(too_much_memory(name)) from None
    # Left in place, the orientation would be applied a second time by whoever opens the result again.
    rgb.info = {}
    return rgb


def _open_decoded(photo: Image.Image | np.ndarray, max_pixels: int) -> Image.Image:
    name = "The image"
    image = photo if isinstance(photo, Image.Image) else _from_array(photo)
    _check_size(image.size, name, max_pixels)
    try:
        image.load()
        # After `load`, by which Pillow turns a TIFF itself.
        rgb = upright_rgb(to_srgb_or_grey(Picture(image)), _given_orientation(image))
        rgb = image.copy() if rgb is image else rgb
    except BOMB:
        raise PhotoTooLargeError(too_large(name, max_pixels)) from None
    except MemoryError:
        raise PhotoError(too_much_memory(name)) from None
    except DAMAGED as error:
        raise PhotoError(damaged(name)) from error
    rgb.info = {}
    return rgb


def _check_size(size_wh: tuple[int, int], name: str, max_pixels: int, num_bytes: int | None = None) -> None:
    """Args: num_bytes: of the file, where there is one."""
    width, height = size_wh
    num_pixels = width * height
    if not width or not height:
        raise PhotoError(f"{name} has no pixels ({width} × {height}): choose {WANTED}.")
    if num_pixels > max_pixels:
        raise PhotoTooLargeError(too_large(name, max_pixels, f" ({width} × {height} pixels)"))
    if num_bytes is not None and max(size_wh) > MAX_SIDE:
        found = f"{name} is too long ({width} × {height} pixels)"
        raise PhotoError(f"{found}: the limit is {MAX_SIDE:,} pixels a side, cut it and try again.")
    if num_bytes is not None and num_pixels > max(BLANK_PIXELS, num_bytes * MAX_PIXELS_PER_BYTE):
        raise PhotoError(f"{name} is blank ({width} × {height} pixels in {num_bytes} bytes): choose another photo.")


def _given_orientation(image: Image.Image) -> int:
    """The orientation of the caller's image: as `getexif` says, which the caller may have changed."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except DAMAGED:  # broken metadata must not cost the picture
        return 1
    return value if isinstance(value, int) else 1


def _from_array(pixels: np.ndarray) -> Image.Image:
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise PhotoError(
            f"The image is an array of {pixels.dtype} with shape {pixels.shape}: give uint8 with shape "
            "(height, width), (height, width, 3) or (height, width, 4)."
        )
    if pixels.size == 0:
        raise PhotoError(f"The image has no pixels (an array with shape {pixels.shape}): choose another photo.")
    return Image.fromarray(np.ascontiguousarray(pixels))


__all__ = ["BOMB", "DAMAGED", "MAX_PIXELS", "Opener", "Photo", "open_photo", "opened", "opened_file", "photo_name"]
__all__ += ["photo_path", "read_picture", "upright"]
