"""`python -m gender_age PHOTO...`: a table, JSON lines or CSV of the faces of photos."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from .errors import GenderAgeError
from .formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES, WANTED
from .native_stderr import quiet_native_stderr
from .writers import CsvWriter, JsonWriter, TextWriter, Writer

if TYPE_CHECKING:
    from .results import PhotoPrediction

# A finished photo is shown at once where the detector takes its time, and shares a batch where it does not.
MAX_WAIT_S = 0.5
UNUSABLE_PHOTO, UNUSABLE_COMMAND, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


class UsageError(GenderAgeError):
    """The command asks for something that cannot be done."""


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m gender_age",
        description="Finds every face of the photos and estimates apparent age and perceived gender of each.",
        epilog="Exit status: 0, or 1 if any photo was unusable (the others are done all the same), or 2 if the model "
        "or the CSV file cannot be used.",
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help=f"{WANTED}, or several")
    parser.add_argument("--model", metavar="M", help="folder or Hub id of a checkpoint (default: the repository's own)")
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument("--json", action="store_true", help="print one line of JSON a photo, as soon as it is ready")
    parser.add_argument("--csv", metavar="F", type=Path, help="also write one row a face to this file")
    parser.add_argument("--whole-image", action="store_true", help="each picture is one face, already cropped")
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
    except KeyboardInterrupt:
        return INTERRUPTED


def run(arguments: argparse.Namespace) -> int:
    """Predicts and reports photo after photo.

    Raises:
        GenderAgeError: the model or the CSV file cannot be used.
    """
    if arguments.csv is not None and arguments.csv.suffix.lower() in PHOTO_SUFFIXES | UNREADABLE_SUFFIXES:
        raise UsageError(f"--csv {arguments.csv} would overwrite a photo: name a file that ends in .csv after --csv.")
    predictions = predict(arguments)
    writers: list[Writer] = [JsonWriter(sys.stdout) if arguments.json else TextWriter(sys.stdout, arguments.photos)]
    status = 0
    with nullcontext() if arguments.csv is None else open_csv(arguments.csv) as csv_file:
        if csv_file is not None:
            writers.append(CsvWriter(csv_file))
        for prediction in predictions:
            for writer in writers:
                writer.add(prediction)
            if prediction.error is not None:
                status = UNUSABLE_PHOTO
    return status


def predict(arguments: argparse.Namespace) -> Iterator[PhotoPrediction]:
    """Loads the model, and returns the predictions as a stream.

    Raises:
        ModelError: the model cannot be used.
    """
    be_quiet()
    # Here and not above, so that --help and mistakes in the arguments answer at once.
    from .prediction import DEFAULT_MODEL, GenderAgePredictor

    predictor = GenderAgePredictor.from_pretrained(arguments.model or DEFAULT_MODEL, arguments.revision)
    return predictor.iter_predict(arguments.photos, whole_image=arguments.whole_image, max_wait_s=MAX_WAIT_S)


def be_quiet() -> None:
    """Nothing but results and our own sentences: no progress bars, no warnings of libraries."""
    import huggingface_hub
    import transformers

    warnings.simplefilter("ignore")
    huggingface_hub.utils.disable_progress_bars()
    huggingface_hub.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


def open_csv(path: Path) -> TextIO:
    """The CSV file, open for writing.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        # Line by line, so that an interrupted run leaves what was done.
        return path.open("w", newline="", encoding="utf-8", buffering=1)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): name another file after --csv.") from error


if __name__ == "__main__":
    sys.exit(main())
