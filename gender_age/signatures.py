"""What a file holds that is not a photo, told by its first bytes."""

from __future__ import annotations

JPEG_START = b"\xff\xd8"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
PHOTO_STARTS = (JPEG_START, b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
HEIC = "a HEIC photo"
OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\0\0\0\x0cJXL ": "a JPEG XL image",
    b"\xff\x0a": "a JPEG XL image",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 image",
    b"8BPS": "a Photoshop document",
    b"\x1a\x45\xdf\xa3": "a video",
}


def content_of(head: bytes) -> str | None:
    """What a file is by its first 512 bytes, for a sentence to a person: `"a PDF document"`, `"text"`.

    None where it begins as a photo does, and so must be a damaged one.
    """
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return HEIC
    if head.startswith(PHOTO_STARTS) or head[4:12] in (b"ftypavif", b"ftypavis"):
        return None
    found = next((kind for start, kind in OTHER_STARTS.items() if head.startswith(start)), None)
    if found is None and head[4:8] == b"ftyp":
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


__all__ = ["HEIC", "JPEG_START", "content_of"]
