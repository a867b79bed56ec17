"""`python -m trainer push`: publishes a checkpoint with code and card on the Hub, or writes them to a folder."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from huggingface_hub import HfApi

from gender_age.checkpoint import checkpoint_folder
from gender_age.records import EVALUATION_FILE

from .errors import TrainerError
from .files import write_whole_folder
from .publishing.left_out import of_unseen_sources
from .publishing.model_repository import read_json, strange_files, upload_model, write_repository


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to `parser`."""
    parser.add_argument("--model", required=True, metavar="M", help="folder of a trained checkpoint, or its Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a model on the Hub")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", metavar="ID", help="owner/name on the Hub; made if need be")
    target.add_argument("--to-folder", metavar="F", help="a folder; replaced if it holds such a model")
    parser.add_argument(
        "--without-code",
        action="store_true",
        help="with --to-folder: no code files, as this repository keeps its model; a Hub user needs them",
    )
    parser.add_argument("--report", metavar="FILE", help="report.json of `evaluate`, for the card's numbers")
    parser.add_argument(
        "--left-out",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="reports of other models on a source that each was not trained on, for the card",
    )
    parser.add_argument("--private", action="store_true", help="make the Hub repository private if it is new")
    parser.set_defaults(refuse=parser.error)


def main(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        GenderAgeError: the model or the report cannot be used, or the target cannot be written.
    """
    if args.without_code and args.to is not None:
        args.refuse("--without-code goes with --to-folder only: who loads a model from the Hub needs its code files")
    report = None if args.report is None else _read_report(args.report)
    left_out = [of_unseen_sources(_read_report(path), path) for path in args.left_out]
    source = checkpoint_folder(args.model, args.revision)
    if left_out:
        report = report or read_json(source / EVALUATION_FILE)
        if report is None:
            args.refuse("--left-out goes with a --report of the model itself")
        report |= {"left_out": left_out}
    if args.to_folder is not None:
        folder = push_to_folder(source, Path(args.to_folder), report, not args.without_code)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{folder}: {size / 1e6:.1f} MB")
    else:
        print(push_to_hub(source, args.to, report, args.private))
    return 0


def push_to_folder(source: Path, folder: Path, report: dict | None = None, with_code: bool = True) -> Path:
    """Writes the repository of the checkpoint in `source` to `folder`, which is replaced atomically.

    Args:
        source: see `write_repository`.
        folder: may exist if this function wrote it.
        report: of `python -m trainer evaluate`, for the card.
        with_code: write the code files too.

    Raises:
        ModelError: the checkpoint cannot be used.
        TrainerError: `folder` holds other files, or cannot be written.
    """
    return write_whole_folder(
        folder,
        lambda unfinished: write_repository(source, unfinished, report, with_code=with_code),
        strange_files,
        "push",
    )


def push_to_hub(
    source: Path, repo_id: str, report: dict | None = None, private: bool = False, api: HfApi | None = None
) -> str:
    """Publishes the checkpoint in `source` in one commit; an unchanged checkpoint makes none.

    Deletes stale code files, and the records of the model before where this one has none; keeps all other files of the
    repository.

    Returns:
        The URL of the commit.

    Raises:
        ModelError: the checkpoint cannot be used.
        TrainerError: the Hub is unreachable or refuses.
    """
    with tempfile.TemporaryDirectory(prefix="gender-age-push-") as temporary:
        write_repository(source, Path(temporary), report, repo_id)
        return upload_model(Path(temporary), repo_id, private=private, api=api)


def _read_report(path: str) -> dict:
    report = read_json(Path(path))
    if report is None:
        raise TrainerError(f"there is no report {path}; `python -m trainer evaluate` writes one")
    if "protocols" not in report:
        raise TrainerError(f"{path} is no report of `python -m trainer evaluate`")
    return report
