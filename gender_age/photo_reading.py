"""From a file to the picture in it: what of it Pillow reads, and what its metadata says about the picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, ImagePalette, UnidentifiedImageError

from .file_checks import check_bmp, check_tiff, webp_size
from .formats import FORMATS
from .jpeg_segments import check_scans, read_jpeg
from .made_profiles import cicp_profile, nclx_profile
from .orientation import mended_exif, mended_orientation, orientation_of
from .photo_file import Parts, PhotoFile
from .plugin_formats import open_heif, read_jxl
from .png_chunks import read_png
from .raw_photos import find_preview
from .sample_bytes import expect_low_bytes, expect_native_order, has_deep_colours
from .signatures import JPEG_START, JXL_STARTS, PNG_START, TIFF_STARTS, is_avif, is_heic
from .tiff_directories import Directory, TiffFile
from .unsupported import misread_tiff

BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, SAMPLES, MAX_SAMPLE_VALUE, PLANAR = 258, 259, 262, 277, 281, 284
COLOUR_MAP, SAMPLE_FORMAT = 320, 339
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, UNSIGNED, SIGNED = 0, 1, 2, 1, 2
# That mean the same pixels whatever their colours: none, LZW, Deflate, PackBits, Zstandard, LZMA. Faxes are white on 0.
NEUTRAL_COMPRESSIONS = (1, 5, 8, 32773, 32946, 34925, 50000)
# Of an AVIF file, with what it says about its pictures.
MAX_HEAD = 1 << 16

CheckSize = Callable[[tuple[int, int]], None]
"""Gets width and height before anything of that size is made, and raises if that is too large."""


class NoPictureError(Exception):
    """A RAW photo holds no large picture that can be read."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the file has it.

    Attributes:
        image: not yet decoded, where the format allows that. `info["icc_profile"]` is the colour profile.
        orientation: EXIF's, from 1 to 8; what decoding applies on its own is not counted.
        bits: the least depth of a grey sample, as the file says; 0 if it doesn't.
        most_bits: the greatest one: one of the 16 of a sample may be its sign.
        is_negative: whether 0 is white, where Pillow doesn't know.
        is_unsigned: whether samples of 32 bits have no sign, where Pillow takes them for signed.
        low_bytes: the lower bytes of colours of 16 bits, not yet decoded, where `image` has the upper ones alone.
    """

    image: Image.Image
    orientation: int = 1
    bits: int = 0
    most_bits: int = 16
    is_negative: bool = False
    is_unsigned: bool = False
    low_bytes: Image.Image | None = None


def open_picture(file: PhotoFile, check: CheckSize) -> Picture:
    """Opens the one picture of a file that stands for the photo: of several, the first; of a RAW photo, the largest.

    Args:
        file: its position moves.
        check: called for formats whose readers cannot tell the size without taking memory for it.

    Raises:
        NoPictureError: a RAW photo holds no large picture that can be read.
        MissingPackageError: a package is needed that is not installed.
        Exception: whatever `check` and Pillow raise; see `DAMAGED`.
    """
    head = file.read_at(0, 512)
    file.seek(0)
    if head.startswith(JPEG_START):
        return _open_jpeg(file)
    if head.startswith(PNG_START):
        return _open_png(file)
    if head.startswith(TIFF_STARTS):
        return _open_tiff(file)
    if head.startswith(JXL_STARTS):
        return _open_jxl(file, check)
    if is_heic(head):
        return Picture(_with_code_points(open_heif(file)))  # turned by libheif; pillow-heif resets EXIF's orientation
    if size_wh := webp_size(head):
        check(size_wh)
    if head.startswith(b"BM"):
        check_bmp(head, file.size())
    if is_avif(head) and (mended := mended_exif(file)):
        file = PhotoFile(Parts(file, mended))
    file.seek(0)
    image = Image.open(file, formats=FORMATS)
    if image.format == "AVIF" and not image.info.get("icc_profile"):
        image.info["icc_profile"] = nclx_profile(file.read_at(0, MAX_HEAD))
    # AVIF's own orientation goes before EXIF's and XMP's; Pillow stores it in EXIF.
    xmp = b"" if image.format == "AVIF" else image.info.get("xmp", b"")
    return Picture(image, orientation_of(image.info.get("exif", b""), xmp))


def _open_jpeg(file: PhotoFile, orientation: int | None = None) -> Picture:
    jpeg = read_jpeg(file)
    image = Image.open(PhotoFile(Parts(file, jpeg.parts)), formats=("JPEG",))
    check_scans(jpeg, image.width * image.height)
    return Picture(image, orientation_of(jpeg.exif, jpeg.xmp) if orientation is None or jpeg.exif else orientation)


def _open_png(file: PhotoFile) -> Picture:
    png = read_png(file)
    image = Image.open(PhotoFile(Parts(file, png.parts)), formats=("PNG",))
    image.info["icc_profile"] = png.profile
    low_bytes = None
    if has_deep_colours(image):
        low_bytes = expect_low_bytes(Image.open(PhotoFile(Parts(file, png.parts)), formats=("PNG",)))
    return Picture(image, orientation_of(png.exif, png.xmp), png.significant_bits, low_bytes=low_bytes)


def _open_tiff(file: PhotoFile) -> Picture:
    tiff = TiffFile(file)
    if preview := find_preview(tiff):
        if not preview.parts:
            raise NoPictureError
        inside = PhotoFile(Parts(file, preview.parts))
        if inside.read_at(0, 2) == JPEG_START:
            return _open_jpeg(inside, preview.orientation)
        return replace(_open_plain_tiff(TiffFile(inside)), orientation=preview.orientation)
    return _open_plain_tiff(tiff)


def _open_plain_tiff(tiff: TiffFile) -> Picture:
    """Pillow turns the picture itself when it decodes it."""
    directory = tiff.directory(tiff.first_place)
    if directory is not None and (tags := _mended_tags(tiff, directory)):
        tiff = TiffFile(PhotoFile(Parts(tiff.file, tiff.with_tags(directory, tags))))
        directory = tiff.directory(tiff.first_place)
    file, bits, most_bits, is_negative, is_unsigned = tiff.file, 0, 16, False, False
    if directory is not None:
        check_tiff(tiff, directory)
        if misread_tiff(tiff, directory):
            raise UnidentifiedImageError("Pillow takes the pixels for others")
        if mended := mended_orientation(tiff, directory):
            file = PhotoFile(Parts(file, mended))
        depth, most = tiff.value(directory, BITS_PER_SAMPLE, 1), tiff.value(directory, MAX_SAMPLE_VALUE)
        bits = max(depth if depth < 16 else 0, most.bit_length())
        is_negative = depth > 8 and tiff.value(directory, PHOTOMETRIC, 1) == WHITE_IS_ZERO
        sample_format = tiff.value(directory, SAMPLE_FORMAT, UNSIGNED)
        is_unsigned = depth == 32 and sample_format == UNSIGNED
        most_bits = 15 if depth == 16 and sample_format == SIGNED else 16
    file.seek(0)
    image = Image.open(file, formats=("TIFF",))
    expect_native_order(image)
    _mend_palette(image)
    low_bytes = None
    if has_deep_colours(image):
        file.seek(0)
        low_bytes = expect_low_bytes(Image.open(file, formats=("TIFF",)))
    return Picture(image, 1, bits, most_bits, is_negative, is_unsigned, low_bytes)


def _mended_tags(tiff: TiffFile, directory: Directory) -> dict[int, int]:
    """What Pillow would take in another way: of missing tags, it guesses one sample a pixel and that 0 is white; and of
    a single sample "in planes", it reads a part.
    """
    num_samples = tiff.value(directory, SAMPLES) or len(tiff.values(directory, BITS_PER_SAMPLE)) or 1
    tags = {PLANAR: 1} if num_samples == 1 and tiff.value(directory, PLANAR, 1) != 1 else {}
    if num_samples > 1 and not tiff.values(directory, SAMPLES):
        tags[SAMPLES] = num_samples
    if not tiff.values(directory, PHOTOMETRIC) and tiff.value(directory, COMPRESSION, 1) in NEUTRAL_COMPRESSIONS:
        tags[PHOTOMETRIC] = RGB if num_samples >= 3 else BLACK_IS_ZERO
    return tags


def _mend_palette(image: Image.Image) -> None:
    """A TIFF's palette has 16 bits a colour, of which Pillow takes the upper 8; some writers store 8 bits, as libtiff
    knows (`checkcmap`)."""
    colours = image.tag_v2.get(COLOUR_MAP, ()) if image.mode == "P" else ()  # type: ignore[attr-defined]
    if colours and max(colours) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))


def _with_code_points(image: Image.Image) -> Image.Image:
    """The HEIC picture with a profile for its CICP code points, where it has no other."""
    code_points = image.info.get("nclx_profile")
    if code_points and not image.info.get("icc_profile"):
        primaries, transfer = code_points["color_primaries"], code_points["transfer_characteristics"]
        image.info["icc_profile"] = cicp_profile(primaries, transfer) or b""
    return image


def _open_jxl(file: PhotoFile, check: CheckSize) -> Picture:
    picture, profile = read_jxl(file, check)
    if isinstance(picture, bytes):
        return _open_jpeg(PhotoFile(io.BytesIO(picture)))
    picture.info["icc_profile"] = profile
    return Picture(picture)


__all__ = ["CheckSize", "NoPictureError", "Picture", "open_picture"]
