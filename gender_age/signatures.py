"""What a file holds, told by its first bytes."""

from __future__ import annotations

JPEG_START = b"\xff\xd8"
PNG_START = b"\x89PNG"
JXL_STARTS = (b"\0\0\0\x0cJXL ", b"\xff\x0a")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PHOTO_STARTS = (JPEG_START, PNG_START, *JXL_STARTS, *TIFF_STARTS, b"GIF8", b"BM")
AVIF_BRANDS = (b"avif", b"avis")
HEVC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
HEIF_CODECS = {
    **dict.fromkeys((b"avci", b"avcs"), "H.264"),
    **dict.fromkeys((b"vvic", b"vvis"), "H.266"),
    **dict.fromkeys((b"jpeg", b"jpgs"), "JPEG"),
    **dict.fromkeys((b"j2ki", b"j2is"), "JPEG 2000"),
}
"""Brand -> codec, of others in HEIC's container."""
HEIC_BRANDS = (*HEVC_BRANDS, *HEIF_CODECS, b"mif1", b"msf1", b"miaf")
RAW = "a RAW photo"
PICTURE_STARTS = {
    b"\0\0\0\x0cjP  ": "a JPEG 2000 image",
    b"\xff\x4f\xff\x51": "a JPEG 2000 image",
    b"8BPS": "a Photoshop document",
    b"\x8aMNG": "an MNG animation",
    b"\x8bJNG": "a JNG image",
    b"II\xbc\x01": "a JPEG XR image",
    b"FUJIFILMCCD-RAW": RAW,
    b"IIRO": RAW,
    b"IIRS": RAW,
    b"MMOR": RAW,
    b"IIU\0": RAW,
    b"II\x1a\0\0\0HEAPCCDR": RAW,
    b"\0MRM": RAW,
    b"FOVb": RAW,
}
"""First bytes -> what people take for a photo, and is none that can be read here."""
OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1a\x45\xdf\xa3": "a video",
}


def is_avif(head: bytes) -> bool:
    """Whether a file that begins so is AVIF."""
    return head[4:8] == b"ftyp" and any(brand in AVIF_BRANDS for brand in _brands(head))


def is_heic(head: bytes) -> bool:
    """Whether a file that begins so is HEIC, or of another codec in the same container."""
    if head[4:8] != b"ftyp" or head[8:12] not in HEIC_BRANDS:
        return False
    return not is_avif(head) or any(brand in HEVC_BRANDS for brand in _brands(head))


def _brands(head: bytes) -> list[bytes]:
    """The major brand and the compatible ones."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, size - 3, 4))]


def picture_of(head: bytes) -> str | None:
    """The kind of picture that cannot be read here, by its first 512 bytes: `"a RAW photo"`; None for all else."""
    if head[4:12] == b"ftypcrx ":
        return RAW
    return next((kind for start, kind in PICTURE_STARTS.items() if head.startswith(start)), None)


def content_of(head: bytes) -> str | None:
    """What a file is by its first 512 bytes, for a sentence to a person: `"a PDF document"`, `"text"`.

    None where it begins as a photo does, and so must be a damaged one.
    """
    is_webp = head.startswith(b"RIFF") and head[8:12] in (b"WEBP", b"")
    if is_webp or head.startswith(PHOTO_STARTS) or (head[4:8] == b"ftyp" and head[8:12] in AVIF_BRANDS + HEIC_BRANDS):
        return None
    found = next((kind for start, kind in OTHER_STARTS.items() if head.startswith(start)), None)
    if found is None and (head[4:8] == b"ftyp" or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")):
        found = "a video"
    if found is None and b"<svg" in head:
        found = "an SVG drawing"
    return found or ("text" if _is_text(head) else "unknown data")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not just a character cut in two by the end of `head`
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\t\r\n\f\ufeff" for character in text)


__all__ = [
    "HEIF_CODECS",
    "JPEG_START",
    "JXL_STARTS",
    "PNG_START",
    "RAW",
    "TIFF_STARTS",
    "content_of",
    "is_avif",
    "is_heic",
    "picture_of",
]
