"""One worker process that opens photos (opening_worker.py), as the process that asks it sees it."""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from .errors import PhotoError, PhotoTooLargeError
from .opening_messages import receive_message, send_message
from .photo_reading import Picture
from .refusals import too_much_memory
from .shared_pixels import BYTES_PER_PIXEL, STEPS, image_over, turned_image

# Against leaks of libraries. A new worker takes 0.3 s.
PHOTOS_PER_WORKER = 1000
# To start; and to be gone once its connection is closed.
START_S, ENDING_S = 30.0, 5.0
START = "import sys; sys.path[:] = sys.argv[1:]; from gender_age.PROGRAM import main; main()"
# One thread and one arena: others take address space, which is limited. Large blocks go back to the
# system when they are freed, small ones after the photo.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
# The exit status of Python after an exception that nothing caught.
FAILED = 1
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG")
SEALS = ("F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_SEAL")


class WorkerEndedError(Exception):
    """The worker process has ended (`has_ended`), was too slow, or said what makes no sense."""

    def __init__(self, reason: str, has_ended: bool = False) -> None:
        super().__init__(reason)
        self.has_ended = has_ended


class WorkerProcess:
    """One worker process, which runs `main` of this package's module `PROGRAM`."""

    PROGRAM = "opening_worker"

    def __init__(self) -> None:
        self.num_photos = 0
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -I and -S: no code of the environment or the current folder is run, and packages are those found here. In
            # a session of its own, so that Ctrl-C lets the photos in progress be finished.
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-I", "-S", "-c", START.replace("PROGRAM", self.PROGRAM), *_import_path()],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: os.environ[name] for name in INHERITED if name in os.environ} | ENVIRONMENT,
                start_new_session=True,
            )
        try:
            self._receive(time.monotonic() + START_S)
        except WorkerEndedError:
            self.end()
            raise

    @property
    def is_usable(self) -> bool:
        """Whether it can be given another photo."""
        return self.num_photos < PHOTOS_PER_WORKER and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def open(self, descriptor: int, name: str, max_pixels: int, deadline_s: float) -> Picture:
        """The picture of an open file, upright; its pixels are in shared memory, unless it had to be turned.

        Args:
            descriptor: of the file.
            name: as sentences have it.
            max_pixels: see `open_photo`.
            deadline_s: on the clock of `time.monotonic`.

        Raises:
            PhotoError: it is no usable photo, or there is not enough memory to turn it.
            BrokenPipeError, ConnectionResetError: the worker had ended before it got the file.
            WorkerEndedError: it has ended, or has to be ended, without an answer.
        """
        self.num_photos += 1
        send_message(self._connection, {"name": name, "max_pixels": max_pixels}, descriptor)
        wanted, mode, memory = (0, 0), "RGB", None
        while True:
            message = self._receive(deadline_s)
            if isinstance(error := message.get("error"), str):
                raise PhotoTooLargeError(error) if message.get("is_too_large") else PhotoError(error)
            if isinstance(place := message.get("failed"), str):
                raise WorkerEndedError(f"it failed: {place[:200]!r}", has_ended=True)
            size_wh = checked_size(message.get("wants") or message.get("size"), max_pixels)
            if "wants" in message:
                wanted, mode = size_wh, _mode(message.get("mode"))
                memory = self._share(size_wh, mode)
            elif memory is not None and size_wh == wanted:
                orientation = message.get("orientation")
                if not isinstance(orientation, int) or orientation not in STEPS:
                    return Picture(image_over(memory, size_wh, mode))
                try:
                    return Picture(turned_image(memory, size_wh, mode, orientation))
                except MemoryError:
                    raise PhotoError(too_much_memory(name)) from None
            else:
                raise WorkerEndedError("an answer without pixels")

    def end(self, has_ended: bool = False) -> int:
        """Ends the process, whatever it does; returns its exit status, its own one if it `has_ended`."""
        self._connection.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(ENDING_S if has_ended else 0)
        self._process.kill()
        return self._process.wait()

    def _share(self, size_wh: tuple[int, int], mode: str) -> mmap.mmap:
        """Memory for the pixels, which the worker can write to and neither of both can shrink.

        Args:
            size_wh: width and height.
            mode: RGB or L, as `image_over` takes it.

        Raises:
            WorkerEndedError: there is not enough, or the worker is gone.
        """
        import fcntl  # here, as Windows has none, where this module is imported too

        num_bytes = size_wh[0] * size_wh[1] * BYTES_PER_PIXEL[mode]
        descriptor = os.memfd_create("photo", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, num_bytes)
            for seal in SEALS:
                fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, getattr(fcntl, seal))
            send_message(self._connection, {}, descriptor)
            # Laid out here while the worker decodes into it, which is 14 ms sooner for 12 megapixels.
            os.posix_fallocate(descriptor, 0, num_bytes)
            # Copied where it is written to, which Pillow never does; read-only memory would crash the process.
            return mmap.mmap(descriptor, num_bytes, access=mmap.ACCESS_COPY)
        except OSError as error:
            raise WorkerEndedError("no shared memory") from error
        finally:
            os.close(descriptor)

    def _receive(self, deadline_s: float) -> dict:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise WorkerEndedError("TimeoutError")
        self._connection.settimeout(left_s)
        try:
            message, descriptors = receive_message(self._connection)
        except (EOFError, ConnectionResetError) as error:
            raise WorkerEndedError("it ended", has_ended=True) from error
        except (OSError, ValueError) as error:
            raise WorkerEndedError(type(error).__name__) from error
        for descriptor in descriptors:
            os.close(descriptor)
        return message


def checked_size(value: object, max_pixels: int) -> tuple[int, int]:
    """Width and height that a worker has sent.

    Raises:
        WorkerEndedError: they are none, or of too many pixels.
    """
    if isinstance(value, list) and len(value) == 2 and all(type(side) is int and side > 0 for side in value):
        width, height = value
        if width * height <= max_pixels:
            return width, height
    raise WorkerEndedError("a size that makes no sense")


def has_limits() -> bool:
    """Whether the system has what workers and their limits need."""
    return sys.platform == "linux" and hasattr(os, "memfd_create") and bool(sys.executable)


def _mode(value: object) -> str:
    """The mode that a worker has sent."""
    if isinstance(value, str) and value in BYTES_PER_PIXEL:
        return value
    raise WorkerEndedError("a mode that makes no sense")


def _import_path() -> list[str]:
    """Where modules are found: this package's folder, and what this process has."""
    here = str(Path(__file__).resolve().parent.parent)
    return [here, *(os.path.abspath(place) for place in sys.path if place != here)]


__all__ = ["FAILED", "WorkerEndedError", "WorkerProcess", "checked_size", "has_limits"]
