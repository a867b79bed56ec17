"""The one list of photo formats: what is opened, how such files are called, and what else people take for a photo."""

from __future__ import annotations

# Only what photos come in: Pillow's parsers of exotic formats stay out of reach of an upload.
SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif", ".avifs"),
}
"""Pillow's name of each format that is opened -> how its files end."""

FORMATS = tuple(SUFFIXES)
"""For `formats` of `PIL.Image.open`."""

WANTED = "a JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF photo"
"""The formats in a sentence to a person."""

PHOTO_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)

UNREADABLE_SUFFIXES = frozenset(
    {".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"}
)
"""Photos all the same: the opener says what is wrong with them."""

__all__ = ["FORMATS", "PHOTO_SUFFIXES", "SUFFIXES", "UNREADABLE_SUFFIXES", "WANTED"]
