"""`python -m gender_age PHOTO...`: a table, JSON lines or CSV of the faces of photos, and of the people of videos."""

from __future__ import annotations

import os
import signal

if __name__ == "__main__":
    # Ctrl-C ends the program at any time, also while libraries are imported, whose C code may swallow a
    # KeyboardInterrupt, and while the interpreter waits for threads; so does SIGTERM. Every line is flushed when it is
    # written, and what is half-written is removed. Here, before all other imports, as each of them takes its time.
    from .replaced_file import remove_unfinished

    def end(number: int, _: object) -> None:
        remove_unfinished()
        os._exit(128 + number)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)

import argparse
import glob
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NoReturn

from .csv_target import STANDARD_OUTPUT, open_target
from .errors import GenderAgeError, UsageError
from .formats import WANTED
from .min_score import min_score_argument
from .native_stderr import quiet_native_stderr
from .standard_input import StandardInput
from .video_command import add_video_options, table_writers, video_writers, videos_of
from .writers import JsonWriter, Writer

if TYPE_CHECKING:
    from .prediction import GenderAgePredictor
    from .results import PhotoPrediction
    from .video_results import VideoPrediction

# Where the detector takes its time, photos are shown one by one; where it does not, they share a batch.
MAX_WAIT_S = 0.5
UNUSABLE_PHOTO, UNUSABLE_COMMAND, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


class PhotoParser(argparse.ArgumentParser):
    """Says what to do about photos whose names look like options; `given` are the arguments."""

    given: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """As in `ArgumentParser`."""
        name = next((name for name in self.given if name.startswith("-") and os.path.isfile(name)), None)
        super().error(message if name is None else f"{message}\n{name} looks like an option: write ./{name}")


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = PhotoParser(
        prog="python -m gender_age",
        description="Finds every face of photos, and every person of videos, and estimates apparent age and perceived "
        "gender of each.",
        epilog="Exit status: 0, or 1 if any photo or video was unusable (the others are done all the same), or 2 if "
        "the model or a file to write cannot be used.",
    )
    parser.add_argument(
        "photos", nargs="+", metavar="PHOTO", help=f"{WANTED}, a video, or several; - reads a photo from standard input"
    )
    parser.add_argument("--model", metavar="M", help="folder or Hub id of a checkpoint (default: the repository's own)")
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument("--device", metavar="D", help="cpu, cuda, ... (default: the GPU if there is one that works)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON a photo, as soon as it is ready")
    parser.add_argument(
        "--csv",
        metavar="F",
        help="also write one row a face (of videos: a person) to this file; - prints these rows instead of the table",
    )
    parser.add_argument("--whole-image", action="store_true", help="each picture is one face, already cropped")
    parser.add_argument(
        "--min-score",
        metavar="S",
        type=min_score_argument,
        help="leave out faces whose detection score is lower, from 0 to 1 (default: 0.6, below which none is found; no "
        "effect with --whole-image, where there are no scores)",
    )
    add_video_options(parser)
    parser.given = sys.argv[1:] if argv is None else argv
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    arguments = parse_arguments(argv)
    try:
        with quiet_native_stderr():
            return run(arguments)
    except GenderAgeError as error:
        print(error, file=sys.stderr)
        return UNUSABLE_COMMAND
    except BrokenPipeError:
        # The reader has gone (`| head`). Python would fail once more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:  # of our own writing: those of reading have become GenderAgeErrors
        print(
            f"The results cannot be written ({error.strerror}): free some space, or name another place.",
            file=sys.stderr,
        )
        return UNUSABLE_COMMAND
    except KeyboardInterrupt:  # where another program calls `main`
        return INTERRUPTED


def run(arguments: argparse.Namespace) -> int:
    """Predicts and reports photo after photo.

    Raises:
        GenderAgeError: the arguments contradict each other, or the model or the CSV file cannot be used.
    """
    arguments.photos = [name for given in arguments.photos for name in files_named(given)]
    photos = photos_of(arguments.photos)
    only_csv = arguments.csv == STANDARD_OUTPUT
    if only_csv and arguments.json:
        raise UsageError("--json and --csv - both print to standard output: name a file after --csv.")
    are_videos = videos_of(arguments, photos)
    predictions = predict(arguments, photos, are_videos)
    text_writer, csv_writer = table_writers(any(are_videos))
    writers: list[Writer] = []
    if not only_csv:
        writers.append(JsonWriter(sys.stdout) if arguments.json else text_writer(sys.stdout, arguments.photos))
    status = 0
    with ExitStack() as stack:
        if arguments.csv is not None:
            writers.append(csv_writer(stack.enter_context(open_target(arguments.csv))))
        writers += stack.enter_context(video_writers(arguments, photos))
        for prediction in predictions:
            for writer in writers:
                writer.add(prediction)
            if prediction.error is not None:
                status = UNUSABLE_PHOTO
    return status


def files_named(given: str) -> list[str]:
    """The files that an argument names: a pattern such as `photos/*.jpg` comes as it is where no shell replaces it."""
    if os.path.lexists(given) or not glob.has_magic(given):
        return [given]
    return sorted(glob.glob(given)) or [given]


def photos_of(names: Sequence[str]) -> list[str | StandardInput]:
    """The photos that the arguments name.

    Raises:
        UsageError: standard input cannot give as many as are asked of it.
    """
    if names.count("-") > 1:
        raise UsageError("- is named more than once, but standard input holds one photo: save the others as files.")
    if "-" in names and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("- reads a photo from standard input, which is the keyboard here: add < PHOTO, or use a pipe.")
    return [StandardInput() if name == "-" else name for name in names]


def predict(
    arguments: argparse.Namespace, photos: Sequence[str | StandardInput], are_videos: Sequence[bool]
) -> Iterator[PhotoPrediction | VideoPrediction]:
    """Loads the model, and returns the predictions as a stream.

    Raises:
        ModelError: the model cannot be used.
    """
    be_quiet()
    # Here and not above, so that --help and mistakes in the arguments answer at once.
    from .guarded_opener import GuardedOpener
    from .prediction import DEFAULT_MODEL, GenderAgePredictor

    predictor = GenderAgePredictor.from_pretrained(
        arguments.model or DEFAULT_MODEL, arguments.revision, arguments.device
    )
    predictor.opener = GuardedOpener()
    runs = groupby(zip(are_videos, photos, strict=True), key=itemgetter(0))
    return chain.from_iterable(
        _predictions(predictor, arguments, kind, [photo for _, photo in run]) for kind, run in runs
    )


def _predictions(
    predictor: GenderAgePredictor, arguments: argparse.Namespace, are_videos: bool, inputs: list[str | StandardInput]
) -> Iterator[PhotoPrediction | VideoPrediction]:
    """Of inputs of one kind."""
    if not are_videos:
        return predictor.iter_predict(inputs, arguments.whole_image, arguments.min_score, max_wait_s=MAX_WAIT_S)
    from .video import video_or_error

    return (video_or_error(predictor, video, arguments.min_score) for video in inputs)


def be_quiet() -> None:
    """Nothing but results and our own sentences: no progress bars, no warnings of libraries."""
    import huggingface_hub
    import transformers

    warnings.simplefilter("ignore")
    huggingface_hub.utils.disable_progress_bars()
    huggingface_hub.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


if __name__ == "__main__":
    sys.exit(main())
