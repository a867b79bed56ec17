"""The one list of photo formats: what is opened, how such files are called, and what else people take for a photo."""

from __future__ import annotations

from importlib.util import find_spec

# Only what photos come in: Pillow's parsers of exotic formats stay out of reach of an upload.
PILLOW_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif", ".avifs"),
}
PLUGIN_SUFFIXES = {"HEIC": (".heic", ".heif", ".heics", ".heifs", ".hif"), "JPEG XL": (".jxl",)}
PLUGINS = {"HEIC": "pillow_heif", "JPEG XL": "pillow_jxl"}
"""Format -> the module that reads it, of a package beside Pillow that may be missing."""

FORMATS = tuple(PILLOW_SUFFIXES)
"""For `formats` of `PIL.Image.open`."""

_WITH_PLUGINS = tuple(name for name, module in PLUGINS.items() if find_spec(module) is not None)

SUFFIXES = PILLOW_SUFFIXES | {name: PLUGIN_SUFFIXES[name] for name in _WITH_PLUGINS}
"""The name of each format that is opened here -> how its files end."""

_NAMES = ["WebP" if name == "WEBP" else name for name in SUFFIXES]
WANTED = f"a {', '.join(_NAMES[:-1])} or {_NAMES[-1]} photo"
"""The formats in a sentence to a person."""

RAW_SUFFIXES = frozenset(
    ".raw .dng .cr2 .cr3 .crw .nef .nrw .arw .sr2 .srf .orf .rw2 .raf .pef .srw .3fr .erf .kdc .dcr .mrw .x3f".split()  # noqa: SIM905
)
"""RAW photos: those like TIFF with a large picture inside are opened."""

PHOTO_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)

_OF_PLUGINS = frozenset(suffix for suffixes in PLUGIN_SUFFIXES.values() for suffix in suffixes)
UNREADABLE_SUFFIXES = (frozenset({".jp2", ".psd", ".svg"}) | RAW_SUFFIXES | _OF_PLUGINS) - PHOTO_SUFFIXES
"""Photos all the same: the opener reads them or says what is wrong with them."""

__all__ = ["FORMATS", "PHOTO_SUFFIXES", "SUFFIXES", "UNREADABLE_SUFFIXES", "WANTED"]
