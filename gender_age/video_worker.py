"""The program that decodes a video where it can do no harm: `video_reader.py` starts it and asks it, a clip a process.

Its limits are those of the worker that opens photos (opening_worker.py); those of time hold for each frame.
"""

from __future__ import annotations

import io
import mmap
import os
import signal
import socket
import time
from contextlib import suppress

import numpy as np

from .opening_messages import receive_message, send_message
from .process_limits import address_space, limit_cpu, limit_memory, lock_down
from .shared_pixels import BYTES_PER_PIXEL
from .video_clip import MAX_FRAME_PIXELS, NO_MEMORY, NoVideoError
from .video_decoding import open_clip

# Decoders keep up to 16 frames of up to 3 bytes a pixel, and the frame is converted twice.
EXTRA_BYTES, EXTRA_BYTES_PER_PIXEL = 400 << 20, 60
# For each frame that is asked for: mapping HDR to SDR takes 3 s to begin.
CPU_S = 15.0


class Canvas:
    """The memory that the other process makes and reads, for one frame after the other."""

    def __init__(self, connection: socket.socket, size_wh: tuple[int, int], duration_s: float | None) -> None:
        send_message(connection, {"wants": size_wh, "duration": duration_s})
        _, (descriptor,) = receive_message(connection)
        try:
            width, height = size_wh
            self._memory = mmap.mmap(descriptor, width * height * BYTES_PER_PIXEL["RGB"])
            self._pixels = np.frombuffer(self._memory, np.uint8).reshape(height, width, -1)
        except OSError as error:
            raise MemoryError from error
        finally:
            os.close(descriptor)

    def take(self, pixels: np.ndarray) -> None:
        """Copies a frame into the memory."""
        # Equal, unless the rotation changes within the clip.
        height, width = (min(sides) for sides in zip(self._pixels.shape[:2], pixels.shape[:2], strict=True))
        self._pixels[:height, :width] = pixels[:height, :width]


def answer(connection: socket.socket, descriptor: int, kind: str, every_s: float) -> dict:
    """Sends the frames of an open file, each when it is asked for; returns what is said at the end."""
    limit_cpu(time.process_time() + CPU_S)
    canvas = None
    try:
        with io.BufferedReader(io.FileIO(descriptor)) as file:
            file.seek(0)
            clip = open_clip(file, kind)
            for time_s, pixels in clip.frames(every_s):
                if canvas is None:
                    height, width = pixels.shape[:2]
                    canvas = Canvas(connection, (width, height), clip.duration_s)
                canvas.take(pixels)
                send_message(connection, {"time": time_s})
                receive_message(connection)
                limit_cpu(time.process_time() + CPU_S)
    except NoVideoError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": NO_MEMORY}
    ending = {"duration": clip.duration_s, "is_damaged": clip.is_damaged, "has_more": clip.has_more}
    return {"end": True} | ending


def main() -> None:
    """The program; its standard input is the connection."""
    import av  # noqa: F401 - before the process may open few files only

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=os.dup(0))
    lock_down()
    limit_memory(address_space() + EXTRA_BYTES + EXTRA_BYTES_PER_PIXEL * MAX_FRAME_PIXELS, forever=True)
    with suppress(EOFError, OSError):  # the other process has ended
        send_message(connection, {"ready": True})
        request, (descriptor,) = receive_message(connection)
        send_message(connection, answer(connection, descriptor, **request))


__all__ = ["main"]
