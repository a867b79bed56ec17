"""What a PNG file consists of: the chunks that make the picture, and the metadata that an upright picture needs.

Source: the PNG specification, third edition. Pillow refuses files with more than 1 MB of text or profile
(`PngImagePlugin.MAX_TEXT_CHUNK`); here, such chunks are left out of what Pillow reads.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from .made_profiles import cicp_profile, gama_profile
from .photo_file import Part, PhotoFile

PNG_START = b"\x89PNG\r\n\x1a\n"
# 85 megapixels of uncompressed PNG have 32,000, of 8 kB each.
MAX_CHUNKS = 50_000
MAX_METADATA = 1 << 20
MAX_PROFILE = 4 << 20
# Ancillary chunks begin with a small letter. These make the picture all the same: transparency and animation.
PICTURE_CHUNKS = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
# Whole, as they are.
PLAIN_CHUNKS = frozenset({b"eXIf", b"sBIT", b"cICP", b"sRGB", b"gAMA", b"cHRM"})
USED_CHUNKS = PLAIN_CHUNKS | {b"iCCP", b"tEXt", b"zTXt", b"iTXt"}
# Byte of the file that says how colours are coded, and its bit for colours.
COLOUR_TYPE, HAS_COLOURS = 25, 2
XMP = b"XML:com.adobe.xmp"
RAW_EXIF = (b"Raw profile type exif", b"Raw profile type APP1")


@dataclass(frozen=True, slots=True)
class Png:
    """A PNG file.

    Attributes:
        parts: of the file, with the chunks that make the picture.
        exif: from the TIFF header on; empty if there is none.
        xmp: the XMP packet; empty if there is none or it has more than 1 MB.
        profile: the ICC profile, or one made of cICP or gAMA and cHRM; empty if there is none, it is broken or has
            more than 4 MB.
        significant_bits: of a sample, as the writer says; 0 if it doesn't.
    """

    parts: tuple[Part, ...]
    exif: bytes
    xmp: bytes
    profile: bytes
    significant_bits: int


def read_png(file: PhotoFile) -> Png:
    """Walks through the chunks. The position in the file moves; metadata is read within a limit.

    Raises:
        OSError: there are more chunks than any usual photo has.
    """
    parts: list[Part] = []
    found: dict[bytes, bytes] = {}
    kept_from, place, size = 0, len(PNG_START), file.size()
    num_chunks = 0
    while len(head := file.read_at(place, 8)) == 8:
        num_chunks += 1
        if num_chunks > MAX_CHUNKS:
            raise OSError("the file has too many chunks")
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not kind.isalpha() or place + 12 + length > size:
            break  # Pillow tells what is left of the picture.
        if kind[:1].islower() and kind not in PICTURE_CHUNKS:
            parts.append((kept_from, place))
            kept_from = place + 12 + length
            data = file.read_at(place + 8, min(length, MAX_PROFILE)) if kind in USED_CHUNKS else b""
            key = _key(kind, data)
            if key is not None and key not in found:  # the first counts; each takes a megabyte to unpack
                found[key] = _content(kind, data)
        place += 12 + length
        if kind == b"IEND":
            size = place
            break
    parts.append((kept_from, max(size, kept_from)))
    bits = max(found.get(b"sBIT", b"\0"), default=0)
    exif = found.get(b"eXIf") or found.get(RAW_EXIF[0], b"")
    is_grey = not file.read_at(COLOUR_TYPE, 1)[0] & HAS_COLOURS if size > COLOUR_TYPE else False
    return Png(tuple(parts), exif, found.get(XMP, b""), _profile(found, is_grey), bits)


def _profile(found: dict[bytes, bytes], is_grey: bool) -> bytes:
    """The profile that counts: the first of cICP, iCCP, sRGB, and gAMA with cHRM."""
    code_points = found.get(b"cICP", b"")
    if len(code_points) == 4 and (made := cicp_profile(code_points[0], code_points[1])) is not None:
        return made
    if b"iCCP" in found or b"sRGB" in found:
        return found.get(b"iCCP", b"")
    gama = int.from_bytes(found.get(b"gAMA", b"")[:4], "big")
    return gama_profile(gama, found.get(b"cHRM", b""), is_grey)


def _key(kind: bytes, data: bytes) -> bytes | None:
    """What a chunk tells, as a key of `found`; None if that is of no use here."""
    if kind in PLAIN_CHUNKS or kind == b"iCCP":
        return kind
    keyword = data.partition(b"\0")[0]
    if kind in (b"tEXt", b"zTXt") and keyword in RAW_EXIF:
        return RAW_EXIF[0]
    return XMP if kind == b"iTXt" and keyword == XMP else None


def _content(kind: bytes, data: bytes) -> bytes:
    """What a chunk tells; empty if it is broken or too large."""
    if kind in PLAIN_CHUNKS:
        return data[:MAX_METADATA].removeprefix(b"Exif\0\0")
    rest = data.partition(b"\0")[2]
    if kind == b"iCCP":
        return _inflated(rest[1:], MAX_PROFILE) if rest[:1] == b"\0" else b""
    if kind == b"iTXt":
        text = rest[2:].split(b"\0", 2)[-1]
        return _inflated(text, MAX_METADATA) if rest[:1] == b"\1" else text[:MAX_METADATA]
    return _from_hexadecimal(_inflated(rest[1:], MAX_METADATA) if kind == b"zTXt" else rest[:MAX_METADATA])


def _inflated(data: bytes, most: int) -> bytes:
    """Decompressed; nothing if that is broken or has more than `most` bytes."""
    decompressor = zlib.decompressobj()
    try:
        result = decompressor.decompress(data, most)
    except zlib.error:
        return b""
    return b"" if decompressor.unconsumed_tail else result


def _from_hexadecimal(text: bytes) -> bytes:
    """ImageMagick's raw profiles: a line break, the name, the length, then hexadecimal digits."""
    try:
        return bytes.fromhex("".join(text.decode("latin-1").split("\n")[3:])).removeprefix(b"Exif\0\0")
    except ValueError:
        return b""


__all__ = ["Png", "read_png"]
