"""`python -m trainer COMMAND`: prepare data, train, search, evaluate, push, export and deploy."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys

from gender_age.any_text import print_any_text
from gender_age.errors import GenderAgeError
from gender_age.weight_bars import hide_weight_bars

COMMANDS = {
    "prepare": ("trainer.prepare", "own photos, UTKFace or FairFace -> a Parquet dataset with landmarks and splits"),
    "train": ("trainer.train", "a YAML config -> a calibrated checkpoint; continues a run that was cut off"),
    "search": ("trainer.search", "a YAML search -> the best hyperparameters of a config, with Optuna"),
    "evaluate": ("trainer.evaluate", "a checkpoint and prepared data -> report.json and plots"),
    "push": ("trainer.push", "a checkpoint and its report -> a Hub repository, or a folder laid out as one"),
    "export": ("trainer.export", "a checkpoint -> an ONNX file, compared with it"),
    "deploy": ("trainer.deploy", "the page and a model -> a Space on the Hub, or a folder laid out as one"),
}


INTERRUPTED = 130  # a shell's status of a command that Ctrl-C ended
# Between two states of a progress bar in a log, where each is a new line.
LOG_EVERY_S = 60


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status. User errors are printed to stderr in one sentence."""
    argv = sys.argv[1:] if argv is None else argv
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    print_any_text()
    if not sys.stderr.isatty():  # tqdm reads it when it is imported
        os.environ.setdefault("TQDM_MININTERVAL", str(LOG_EVERY_S))
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    try:
        return _run(parser, argv)
    except KeyboardInterrupt:
        print(f"{' '.join([parser.prog, *argv[:1]])}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(parser: argparse.ArgumentParser, argv: list[str]) -> int:
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        # Only the command that runs is imported: torch and datasets take seconds.
        if argv[:1] == [name]:
            importlib.import_module(module).add_arguments(subparser)
    args = parser.parse_args(argv)
    hide_weight_bars()
    try:
        return importlib.import_module(COMMANDS[args.command][0]).main(args)
    except GenderAgeError as error:
        print(f"{parser.prog} {args.command}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
