"""What the command line does with videos: its options, their checks, and the files that it writes."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from .csv_target import STANDARD_OUTPUT, check_target, is_same_file, open_target, told
from .errors import UsageError
from .replaced_file import check_folder, check_place, replaced
from .standard_input import StandardInput
from .video_formats import is_installed, is_video, missing
from .writers import CsvWriter, TextWriter, Writer

if TYPE_CHECKING:
    from .results import PhotoPrediction
    from .video_results import VideoPrediction
    from .video_writers import PeopleCsvWriter

# In names of files: by Windows, and by macOS bytes that are no UTF-8. Names have at most 255 bytes.
REFUSED, MAX_STEM_BYTES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]'), 200
Input = str | StandardInput


def add_video_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options for videos to `parser`."""
    videos = parser.add_argument_group("videos", "Every person once, with an answer from all frames (extra: video).")
    videos.add_argument(
        "--video", action="store_true", help="follow people through GIF and WebP animations, too, which are photos else"
    )
    videos.add_argument("--frames", metavar="F", help="also write one row for each frame of a person to this CSV file")
    videos.add_argument("--crops", metavar="FOLDER", help="also write the best picture of each person to this folder")
    videos.add_argument(
        "--annotate", metavar="OUT.mp4", help="also write a copy of the video with numbered boxes (one video; no sound)"
    )


def videos_of(arguments: argparse.Namespace, inputs: Sequence[Input]) -> list[bool]:
    """For each input, whether it is a video.

    Raises:
        UsageError: the options do not fit them, or need the extra.
    """
    options = [name for name in ("video", "frames", "crops", "annotate") if getattr(arguments, name)]
    if options and not is_installed():
        raise UsageError(missing(f"--{options[0]}"))
    are_videos = [is_video(each, arguments.video or arguments.annotate is not None) for each in inputs]
    if arguments.whole_image and any(are_videos):
        raise UsageError("--whole-image is for photos: leave it out, or name photos alone.")
    if arguments.csv is not None and any(are_videos) and not all(are_videos):
        raise UsageError("--csv writes faces of photos or people of videos: name photos and videos in two commands.")
    for name in ("frames", "crops"):
        if getattr(arguments, name) is not None and not any(are_videos):
            wanted = "name one (GIF and WebP animations need --video, too), or leave it out."
            raise UsageError(f"--{name} is for videos, and none is named: {wanted}")
    if arguments.annotate is not None and sum(are_videos) != 1:
        raise UsageError(f"--annotate writes a copy of one video, and {sum(are_videos)} are named: name one.")
    _check_targets(arguments, inputs)
    return are_videos


def table_writers(with_videos: bool) -> tuple[type[TextWriter], type[CsvWriter] | type[PeopleCsvWriter]]:
    """What prints the table, and what writes `--csv`."""
    if not with_videos:
        return TextWriter, CsvWriter
    # Here, as it imports torch, so that mistakes in the arguments are told at once.
    from .video_writers import MixedTextWriter, PeopleCsvWriter

    return MixedTextWriter, PeopleCsvWriter


@contextmanager
def video_writers(arguments: argparse.Namespace, inputs: Sequence[Input]) -> Iterator[list[Writer]]:
    """What writes the files of `--frames`, `--crops` and `--annotate`."""
    with ExitStack() as stack:
        writers: list[Writer] = []
        if arguments.frames is not None:
            from .video_writers import FrameCsvWriter

            writers.append(FrameCsvWriter(stack.enter_context(open_target(arguments.frames, "--frames"))))
        if arguments.crops is not None:
            writers.append(CropWriter(Path(arguments.crops)))
        if arguments.annotate is not None:
            writers.append(AnnotationWriter(Path(arguments.annotate)))
        yield writers


class CropWriter:
    """Writes the best picture of each person as `VIDEO-NUMBER.jpg`; no file that is there is written over.

    Args:
        folder: made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, prediction: PhotoPrediction | VideoPrediction) -> None:
        """Writes the people of one video."""
        for number, person in enumerate(getattr(prediction, "people", ()), 1):
            with replaced(self._free_place(f"{_stem(prediction.path or '')}-{number}")) as path:
                person.crop.save(path, "JPEG", quality=95)

    def _free_place(self, stem: str) -> Path:
        place, count = self._folder / f"{stem}.jpg", 1
        while os.path.lexists(place):
            count += 1
            place = self._folder / f"{stem}-{count}.jpg"
        return place


class AnnotationWriter:
    """Writes the annotated copy of the one video."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def add(self, prediction: PhotoPrediction | VideoPrediction) -> None:
        """Writes the copy, unless the video could not be used."""
        from .video_annotation import annotate
        from .video_results import VideoPrediction

        if isinstance(prediction, VideoPrediction) and prediction.width is not None and prediction.path is not None:
            with replaced(self._out) as path:
                for _ in annotate(prediction.path, prediction, path):
                    pass


def _stem(path: str) -> str:
    """The name of a video without its ending, in characters and a length that every file system takes."""
    return REFUSED.sub("_", Path(path).stem).encode("utf-8")[:MAX_STEM_BYTES].decode("utf-8", "ignore")


def _check_targets(arguments: argparse.Namespace, inputs: Sequence[Input]) -> None:
    targets = {"--csv": arguments.csv, "--frames": arguments.frames, "--annotate": arguments.annotate}
    named = {option: target for option, target in targets.items() if target is not None}
    for option, target in named.items():
        check_target(target, inputs, option, ".mp4" if option == "--annotate" else ".csv")
    for option in ("--frames", "--annotate"):
        if named.get(option) == STANDARD_OUTPUT:
            raise UsageError(f"{option} - cannot be printed: name a file after {option}.")
    if arguments.annotate is not None and Path(arguments.annotate).suffix.lower() != ".mp4":
        raise UsageError(f"--annotate {arguments.annotate}: name a file that ends in .mp4 after --annotate.")
    if arguments.annotate is not None:
        with told(arguments.annotate, "--annotate"):
            check_folder(Path(arguments.annotate).parent)
    files = [(option, os.path.realpath(target)) for option, target in named.items() if target != STANDARD_OUTPUT]
    for (option, place), (other, other_place) in combinations(files, 2):
        if is_same_file(place, other_place):
            raise UsageError(f"{option} and {other} name one file: name another after one of them.")
    if arguments.crops is not None:
        _check_crops(arguments.crops, inputs, dict(files))


def _check_crops(folder: str, inputs: Sequence[Input], files: Mapping[str, str]) -> None:
    """
    Args:
        files: for each option that writes a file, its resolved path.
    """
    wanted = "name another folder after --crops."
    if not folder:
        raise UsageError("--crops is given no name: name a folder after it.")
    real = os.path.realpath(folder)
    for option, place in files.items():
        if Path(real).is_relative_to(place):
            raise UsageError(f"--crops {folder} names the file of {option}, or a folder inside: {wanted}")
    if any(is_same_file(each, real) for each in inputs) or (os.path.exists(folder) and not os.path.isdir(folder)):
        raise UsageError(f"{folder} is no folder: {wanted}")
    try:
        check_place(folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to ({error.strerror}): {wanted}") from error


__all__ = ["add_video_options", "video_writers", "videos_of"]
