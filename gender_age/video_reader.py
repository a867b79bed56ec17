"""Reads a video's frames from a worker process with hard limits on memory, processor time and all else."""

from __future__ import annotations

import io
import logging
import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .errors import VideoError
from .guarded_opener import descriptor_of
from .images import opened_file
from .opening import Kind
from .opening_messages import send_message
from .shared_pixels import image_over
from .video_clip import DAMAGED, MAX_FRAME_PIXELS, NO_MEMORY, NoVideoError
from .video_decoding import open_clip
from .video_formats import HEAD_BYTES, WANTED_VIDEO, is_installed, kind_of, missing
from .worker_process import FAILED, WorkerEndedError, WorkerProcess, checked_size, has_limits

# For one frame, and for the first; the worker's own limit is in processor time.
DEADLINE_S = 30.0
VIDEO = Kind("video", WANTED_VIDEO, "*.mp4", "its path")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a clip: seconds from its start, and the picture, upright and in RGB."""

    time_s: float
    image_rgb: Image.Image


class VideoReader:
    """The frames of a video, in order; a context manager and an iterator.

    Args:
        path: of the file, or what stands for one.
        every_s: gives the first frame of every so many seconds; 0 gives all.

    Attributes:
        size_wh: of the frames, in pixels; None before the first.
        duration_s: when its pictures end, by their timestamps; as the file declares it where these cannot be read. Not
            before the last frame once that was read.
        last_s: the time of the frame that was read last.
        is_damaged: whether something could not be read.
        has_more: whether the file goes on with another recording, which was not read.

    Raises:
        PhotoError, VideoError: the file cannot be used. Iterating raises it as well, where there is no first frame.
    """

    def __init__(self, path: str | os.PathLike, every_s: float) -> None:
        self._every_s = every_s
        self.size_wh: tuple[int, int] | None = None
        self.duration_s: float | None = None
        self.last_s, self.is_damaged, self.has_more = 0.0, False, False
        self._stack = ExitStack()
        with ExitStack() as stack:
            self._file, self.name = stack.enter_context(opened_file(path, VIDEO))
            kind = kind_of(self._file.read_at(0, HEAD_BYTES))
            if kind is None:
                raise VideoError(f"{self.name} is not a video, or is damaged: choose {WANTED_VIDEO}.")
            if not is_installed():
                raise VideoError(missing(f"{self.name} is a video, which"))
            self._frames = self._from_worker(kind) if has_limits() else self._from_here(kind)
            self._stack = stack.pop_all()
        self._stack.callback(self._frames.close)

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self.last_s = frame.time_s
            yield frame
        if self.size_wh is None:
            raise VideoError(f"{self.name} {DAMAGED}.")
        self.duration_s = max(self.duration_s or 0.0, self.last_s)

    def _from_worker(self, kind: str) -> Generator[Frame, None, None]:
        worker = None
        self._file.seek(0)  # what is in memory only is copied from here on
        try:
            with descriptor_of(self._file) as descriptor, closing(_VideoWorker()) as worker:
                for message in worker.messages(descriptor, kind, self._every_s):
                    if isinstance(error := message.get("error"), str):
                        raise VideoError(f"{self.name} {error}.")
                    self.duration_s = seconds(message.get("duration")) or self.duration_s
                    self.is_damaged = message.get("is_damaged") is True
                    self.has_more = message.get("has_more") is True
                    self.size_wh = worker.size_wh
                    if worker.image_rgb is not None:
                        yield Frame(seconds(message.get("time")) or 0.0, worker.image_rgb)
        except (WorkerEndedError, OSError) as error:
            # Not the video's name, nor anything else about it. What came before is answered.
            logger.warning("A worker that decoded a video was ended (%s).", error)
            self.is_damaged = True
            if self.size_wh is None:
                status = 0 if worker is None else worker.status
                raise VideoError(f"{self.name} {_ending(status)}") from None

    def _from_here(self, kind: str) -> Generator[Frame, None, None]:
        """Where the system lacks what the limits need."""
        file = io.BufferedReader(self._file.raw)  # the limit on reads is for photos
        try:
            file.seek(0)
            clip = open_clip(file, kind)
            self.duration_s = seconds(clip.duration_s)
            for time_s, pixels in clip.frames(self._every_s):
                image_rgb = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
                self.size_wh = self.size_wh or image_rgb.size
                yield Frame(seconds(time_s) or 0.0, image_rgb.crop((0, 0, *self.size_wh)))
        except NoVideoError as error:
            raise VideoError(f"{self.name} {error}.") from None
        except MemoryError:
            raise VideoError(f"{self.name} {NO_MEMORY}.") from None
        except OSError:  # a failing disk; what came before is answered
            self.is_damaged = True
            if self.size_wh is None:
                raise VideoError(f"{self.name} {DAMAGED}.") from None
            return
        finally:
            file.detach()
        self.duration_s, self.is_damaged, self.has_more = seconds(clip.duration_s), clip.is_damaged, clip.has_more


class _VideoWorker(WorkerProcess):
    """A worker that decodes one clip.

    Attributes:
        size_wh: of its frames; None before the first.
        image_rgb: a copy of the frame that the last message told of; None where it told of none.
        status: its exit status, once it is closed.
    """

    PROGRAM = "video_worker"
    size_wh: tuple[int, int] | None = None
    image_rgb: Image.Image | None = None
    status = 0

    def messages(self, descriptor: int, kind: str, every_s: float) -> Iterator[dict]:
        """What it says of an open file, up to the end of the clip or an error.

        Raises:
            WorkerEndedError, OSError: it has ended, or has to be ended.
        """
        send_message(self._connection, {"kind": kind, "every_s": every_s}, descriptor)
        memory = None
        while True:
            message = self._receive(time.monotonic() + DEADLINE_S)
            self.image_rgb = None
            if "wants" in message:
                self.size_wh = checked_size(message["wants"], MAX_FRAME_PIXELS)
                memory = self._share(self.size_wh, "RGB")
            elif "time" in message:
                if memory is None or self.size_wh is None:
                    raise WorkerEndedError("a frame without pixels")
                self.image_rgb = image_over(memory, self.size_wh, "RGB").copy()
                # Asked for before this one is looked at: the worker decodes meanwhile.
                send_message(self._connection, {})
            yield message
            if "error" in message or "end" in message:
                return

    def close(self) -> None:
        """Ends it."""
        self.status = self.end(has_ended=self._process.poll() is not None)


def _ending(status: int) -> str:
    """What is said of a file whose worker has ended with this exit status."""
    if status == -signal.SIGPROF:
        return "takes too long to read: save it again as a usual MP4 (H.264), or choose another video."
    if status == -signal.SIGKILL:
        return f"{NO_MEMORY}."
    if status == FAILED:
        return "could not be read: the program that reads videos failed at it. Save it again as a usual MP4 (H.264)."
    return f"{DAMAGED}."


def seconds(value: object) -> float | None:
    """A number of seconds, which a worker may have sent, to the microseconds of FFmpeg's clock; or None."""
    return round(float(value), 6) if isinstance(value, (int, float)) and 0 <= value < float("inf") else None


__all__ = ["Frame", "VideoReader"]
