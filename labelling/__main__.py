"""`python -m labelling SOURCE OUT`: every face of many photos as Parquet, on this machine or a Ray cluster."""

from __future__ import annotations

import os
import signal

if __name__ == "__main__":
    # As in gender_age/__main__.py; from `run` on, Ctrl-C ends the cluster's processes first.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from gender_age.any_text import print_any_text
from gender_age.errors import GenderAgeError
from gender_age.min_score import min_score_argument
from gender_age.native_stderr import quiet_native_stderr
from gender_age.weight_bars import hide_weight_bars

from .errors import JobFailedError

DONE, FAILED, UNUSABLE_COMMAND, INTERRUPTED = 0, 1, 2, 130
NEEDED = ("ray", "pyarrow", "fsspec", "matplotlib")
BATCH_SIZE = 32


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m labelling",
        description="Finds every face of many photos and estimates apparent age and perceived gender of each, on all "
        "cores of this machine or on a Ray cluster. The same command goes on with a job that was stopped, and adds new "
        "photos.",
        epilog="Exit status: 0 when every photo has its rows, also those that could not be used; 1 if the job failed; "
        "2 if the source, the output folder, the model or the cluster cannot be used; 130 after Ctrl-C.",
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        type=_place,
        help="a folder (with all folders inside), a pattern such as 'photos/*.jpg', an address (s3://…, gs://…, "
        "hf://…), a Parquet file or Lance dataset with a column of photos, or a Hub dataset as owner/name",
    )
    parser.add_argument(
        "out", metavar="OUT", type=_place, help="a new folder or address, for Parquet files with a row a face"
    )
    parser.add_argument(
        "--address", metavar="A", help="of a Ray cluster to join, or auto (default: this machine alone)"
    )
    parser.add_argument("--cpus", metavar="N", type=_count, help="cores to use at most (default: all)")
    parser.add_argument("--gpus", metavar="N", type=_number, help="GPUs to use at most, or 0 (default: all)")
    parser.add_argument("--model", metavar="M", help="folder or Hub id of a checkpoint (default: the repository's own)")
    parser.add_argument("--revision", metavar="R", help="branch, tag or commit of a Hub model")
    parser.add_argument(
        "--min-score", metavar="S", type=min_score_argument, help="leave out faces whose detection score is lower"
    )
    parser.add_argument("--image", metavar="C", help="the tables' column with the photos (default: the only one)")
    parser.add_argument(
        "--batch-size",
        metavar="N",
        type=_count,
        default=BATCH_SIZE,
        help="faces that the model sees at once (%(default)s)",
    )
    parser.add_argument(
        "--distribution", action="store_true", help="add a column with the probability of every age from 0 to 100"
    )
    parser.add_argument(
        "--videos", action="store_true", help="follow the people of SOURCE's videos, not its photos: a row a person"
    )
    parser.add_argument("--report", action="store_true", help="write a page with charts of the set to OUT/_report.html")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    arguments = parse_arguments(argv)
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(f'Labelling needs {" and ".join(missing)}: pip install -e ".[scale]"', file=sys.stderr)
        return UNUSABLE_COMMAND
    print_any_text()
    # Ray reports its usage to its makers unless told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        # Ray's C++ code logs there; our sentences and the progress bar are Python's.
        with quiet_native_stderr():
            from .command import label

            hide_weight_bars()
            signal.signal(signal.SIGINT, signal.default_int_handler)
            label(arguments)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where it stopped.", file=sys.stderr)
        return INTERRUPTED
    except GenderAgeError as error:
        print(error, file=sys.stderr)
        return FAILED if isinstance(error, JobFailedError) else UNUSABLE_COMMAND
    return DONE


def _place(text: str) -> str:
    # As of a shell's variable that is not set; paths would take it for the working directory.
    if not text:
        raise argparse.ArgumentTypeError("an empty name is no place")
    return text


def _count(text: str) -> int:
    return _number(text, least=1)


def _number(text: str, least: int = 0) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
