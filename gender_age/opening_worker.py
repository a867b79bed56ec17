"""The program that opens photos where they can do no harm: `guarded_opener.py` starts it and asks it.

It imports Pillow and numpy only, opens nothing but the files that it is handed, and has hard limits (`PhotoLimits`,
`process_limits.py`). It ends when its standard input, a socket, is closed, and with it its parent.
"""

from __future__ import annotations

import ctypes
import io
import mmap
import os
import signal
import socket
import time
import traceback
from contextlib import suppress

from PIL import Image, ImageFile

from .errors import PhotoError, PhotoTooLargeError
from .images import MAX_PIXELS, read_picture
from .opening_messages import receive_message, send_message
from .photo_file import PhotoFile
from .process_limits import address_space, limit_cpu, limit_memory, lock_down
from .refusals import damaged, too_much_memory
from .shared_pixels import BYTES_PER_PIXEL, image_over
from .signatures import JPEG_START, JXL_STARTS
from .upright import paste_strips

# What a photo may take beside its pixels, in memory and in processor time. JPEG takes 4 to 10 bytes a pixel and 5 to
# 20 ms a megapixel, HEIC 8 bytes and 35 to 70 ms. What the other process does with the largest takes 1 to 2 s more.
EXTRA_BYTES, EXTRA_BYTES_PER_PIXEL = 300 << 20, 8
EXTRA_CPU_S, CPU_S_PER_PIXEL, MOST_CPU_S = 2.5, 35e-9, 4.0
# How a file starts -> the most bytes a pixel that its reader takes, which calls it damage if it gets fewer: JPEG
# (progressive CMYK), WebP and JPEG XL (lossless).
MOST_BYTES_PER_PIXEL = {JPEG_START: 12, b"RIFF": 17, **dict.fromkeys(JXL_STARTS, 17)}
# Libraries that were imported for a format, and their buffers, make some 60 MB; more is a leak.
MOST_GROWTH = 200 << 20


class PhotoLimits:
    """The limits for one photo, which grow with its pixels."""

    def __init__(self) -> None:
        self._begun_s = time.process_time()
        self._address_space = address_space()
        self.allow(0)

    def allow(self, num_pixels: int) -> None:
        """Sets the limits for a photo of so many pixels."""
        limit_memory(self._address_space + EXTRA_BYTES + EXTRA_BYTES_PER_PIXEL * num_pixels)
        limit_cpu(self._begun_s + min(EXTRA_CPU_S + CPU_S_PER_PIXEL * num_pixels, MOST_CPU_S))


class SharedCanvas:
    """A `Canvas` in memory that the other process makes and reads."""

    def __init__(self, connection: socket.socket, limits: PhotoLimits) -> None:
        self._connection, self._limits = connection, limits
        self._shared: Image.Image | None = None
        self.num_pixels = 0

    def before_decoding(self, size_wh: tuple[int, int], image: Image.Image | None) -> None:
        """Sets the limits; and has an RGB or grey image decoded into the shared memory, which saves a copy of it."""
        self.num_pixels = size_wh[0] * size_wh[1]
        self._limits.allow(self.num_pixels)
        is_plain = isinstance(image, ImageFile.ImageFile) and image.mode in BYTES_PER_PIXEL and image._im is None
        if image is not None and is_plain and image.format != "TIFF":  # whose `size` is that after it is turned
            # As `ImageFile.load_prepare` would. Readers that do it in another way make their own image.
            image.im = self.blank(size_wh, image.mode).im

    def take(self, image: Image.Image) -> None:
        """Copies the picture into the shared memory, if it is not there yet."""
        if self._shared is None or image.im is not self._shared.im:
            paste_strips(image, self.blank(image.size, image.mode))

    def blank(self, size_wh: tuple[int, int], mode: str = "RGB") -> Image.Image:
        """The image in the shared memory; there is one, as long as size and mode stay."""
        if self._shared is None or (self._shared.size, self._shared.mode) != (size_wh, mode):
            send_message(self._connection, {"wants": size_wh, "mode": mode})
            _, (descriptor,) = receive_message(self._connection)
            try:
                memory = mmap.mmap(descriptor, size_wh[0] * size_wh[1] * BYTES_PER_PIXEL[mode])
            except OSError as error:
                raise MemoryError from error
            finally:
                os.close(descriptor)
            self._shared = image_over(memory, size_wh, mode)
            self._shared.readonly = 0
        return self._shared


def answer(connection: socket.socket, descriptor: int, name: str, max_pixels: int) -> dict:
    """Opens the photo of an open file: its size and orientation, or the sentence that says why not."""
    canvas = SharedCanvas(connection, PhotoLimits())
    head = os.pread(descriptor, 12, 0)
    try:
        with PhotoFile(io.FileIO(descriptor)) as file:
            picture = read_picture(file, name, max_pixels, canvas)
        canvas.take(picture.image)
    except PhotoTooLargeError as error:
        return {"error": str(error), "is_too_large": True}
    except PhotoError as error:
        sentence = str(error)
        return {"error": too_much_memory(name) if sentence == damaged(name) and _may_lack(head, canvas) else sentence}
    except MemoryError:  # at the end, beside the picture
        return {"error": too_much_memory(name)}
    return {"size": picture.image.size, "orientation": picture.orientation}


def _may_lack(head: bytes, canvas: SharedCanvas) -> bool:
    """Whether the photo may need more memory than it may take."""
    most = next((most for start, most in MOST_BYTES_PER_PIXEL.items() if head.startswith(start)), 0)
    return most * canvas.num_pixels > EXTRA_BYTES + EXTRA_BYTES_PER_PIXEL * canvas.num_pixels


def place_of(error: Exception) -> str:
    """`"KeyError in upright.py, line 70"`: not what the error says, which may be the photo's."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {os.path.basename(last.filename)}, line {last.lineno}"


def serve(connection: socket.socket) -> None:
    """Opens one photo after the other."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    most_bytes = address_space() + MOST_GROWTH
    limit_memory(most_bytes + EXTRA_BYTES + EXTRA_BYTES_PER_PIXEL * MAX_PIXELS, forever=True)
    image_over(mmap.mmap(-1, BYTES_PER_PIXEL["RGB"]), (1, 1), "RGB")  # fails now, or not at every photo
    send_message(connection, {"ready": True})
    while address_space() < most_bytes:
        request, (descriptor,) = receive_message(connection)
        try:
            message = answer(connection, descriptor, **request)
        except Exception as error:  # no photo should bring this about: the other process's log says where it was
            send_message(connection, {"failed": place_of(error)})
            raise
        send_message(connection, message)
        if trim is not None:
            trim(0)


def main() -> None:
    """The program; its standard input is the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=os.dup(0))
    lock_down()
    with suppress(EOFError, OSError):  # the other process has ended
        serve(connection)


__all__ = ["main"]
