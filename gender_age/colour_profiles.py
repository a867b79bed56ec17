"""Colours as the photo's ICC profile means them, in sRGB. The model and the detector have seen sRGB only.

An unusable profile is ignored: browsers show the picture without it, too.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from .png_chunks import MAX_PROFILE

# Mode of the picture -> colour space in the profile's header.
SPACES = {"RGB": b"RGB ", "RGBA": b"RGB ", "RGBX": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}
# Device classes of pictures: scanner or camera, display, printer, colour space; not links, effects and named colours.
CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
MAX_TAGS = 100
# Chains of any number of steps, which littleCMS prefers to the profile's tables whatever the transform: with links to
# one step, 4 MB can take minutes.
CHAINS = (b"D2B0", b"D2B1", b"D2B2", b"D2B3")
# Differences that nobody sees, between one vendor's sRGB and another's.
SAME = 3
ERRORS = (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError)


def to_srgb(image: Image.Image, profile: bytes, in_place: bool = False) -> Image.Image:
    """The picture in sRGB, relative colorimetric with black point compensation.

    Args:
        image: of mode RGB, RGBA, RGBX, L or CMYK; others, and those that the profile is not for, return as they are. A
            profile for RGB is for L as well.
        profile: an ICC profile of at most 4 MB, in any state.
        in_place: whether `image` may be changed, which saves a copy.

    Returns:
        An image of mode RGBA if it was RGBA, else RGB; or `image`.
    """
    # A grey picture may have kept the profile of its colours.
    mode = "RGB" if image.mode == "L" and profile[16:20] == SPACES["RGB"] else image.mode
    if not _fits(profile, mode):
        return image
    transform = _transform(profile, mode)
    if transform is None:
        return image
    if mode != image.mode:
        image, in_place = image.convert(mode), True
    try:
        if in_place and image.mode == transform.output_mode:
            ImageCms.applyTransform(image, transform, inPlace=True)
            return image
        return ImageCms.applyTransform(image, transform) or image
    except ERRORS:
        return image


def _fits(profile: bytes, mode: str) -> bool:
    """Whether the profile's header is that of a profile for pictures of this mode, and its tags are harmless."""
    if not 132 < len(profile) <= MAX_PROFILE or mode not in SPACES:
        return False
    if profile[16:20] != SPACES[mode] or profile[12:16] not in CLASSES or profile[36:40] != b"acsp":
        return False
    (num_tags,) = struct.unpack_from(">I", profile, 128)
    names = [profile[132 + 12 * number : 136 + 12 * number] for number in range(min(num_tags, MAX_TAGS))]
    return num_tags <= MAX_TAGS and not any(name in CHAINS for name in names)


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB; None if the profile is broken, or means sRGB already."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGBA" if mode == "RGBA" else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if mode == "CMYK":
            return transform
        samples = _samples(mode)
        changed = ImageCms.applyTransform(samples, transform)
    except ERRORS:
        return None
    before = np.asarray(samples.convert("RGB"), dtype=np.int16)
    after = np.asarray((changed or samples).convert("RGB"), dtype=np.int16)
    return None if np.abs(after - before).max() <= SAME else transform


def _samples(mode: str) -> Image.Image:
    """Colours from all of the cube, or all greys, as a picture of this mode."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.linspace(0, 255, 16).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(64, 64, 3)
    return Image.fromarray(cube).convert(mode)


__all__ = ["to_srgb"]
