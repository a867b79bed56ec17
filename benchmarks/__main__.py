"""`python -m benchmarks`: measures everything in one run and prints it, or writes it as Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from gender_age.csv_target import check_target
from gender_age.errors import GenderAgeError
from gender_age.prediction import DEFAULT_MODEL, GenderAgePredictor

from .accuracy import faces_with_exact_age, measure_accuracy
from .agreement import measure_agreement, searched_by
from .baseline import Baseline
from .detector import measure_detector
from .photos import compose_for_agreement
from .portraits import measure_portraits
from .report import markdown
from .results import Results
from .server import measure_page
from .settings import FULL, QUICK, Settings
from .speed import measure_batch, measure_model, measure_photos, phone_photos


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions: under a minute, figures are rough")
    parser.add_argument("--model", metavar="FOLDER", default=str(DEFAULT_MODEL), help="default: the repository's own")
    parser.add_argument("--data", metavar="FOLDER", help="a prepared dataset: measures the accuracy lost, too")
    parser.add_argument("--output", metavar="FILE", type=Path, help="Markdown; without it the figures are printed")
    return parser.parse_args(argv)


def measure(model: str, settings: Settings, data: str | None, say: Callable[[str], None]) -> Results:
    """Runs all benchmarks.

    Args:
        model: folder or Hub id of a checkpoint.
        settings: sizes and repetitions.
        data: a prepared dataset, or None to skip accuracy.
        say: progress callback, called with the name of each step.

    Raises:
        GenderAgeError: the model or the data cannot be used; nothing was measured.
    """
    rows = None if data is None else faces_with_exact_age(data)
    predictor = GenderAgePredictor.from_pretrained(model, device="cpu")
    baseline = Baseline(predictor)
    with tempfile.TemporaryDirectory() as folder:
        say("composing photos")
        number = max(settings.phone_repetitions, settings.round_trips)
        phone_paths = phone_photos(settings, Path(folder), number)
        photos = measure_photos(predictor, baseline, settings, phone_paths, say)
        say("the detector alone")
        detectors = measure_detector(predictor.detector, settings)
        say("the model alone")
        models = measure_model(predictor, settings)
        say("a batch of photos")
        batch = measure_batch(predictor, settings)
        say("portraits")
        portraits = measure_portraits(predictor, settings)
        page = None
        if settings.server_starts:
            page = measure_page(model, baseline, settings, phone_paths, say)
    say(f"faces in {settings.agreement_photos} photos")
    agreement = measure_agreement(
        compose_for_agreement,
        settings.agreement_photos,
        searched_by(predictor.detector),
        lambda image_rgb: [box for box, _, _ in baseline.search(image_rgb)],
    )
    accuracy = None
    if rows is not None:
        say("accuracy")
        accuracy = measure_accuracy(predictor, rows)
    return Results(settings, photos, detectors, models, batch, portraits, page, agreement, accuracy)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmarks and writes the report; the exit status is 2 where what was given cannot be used, else 0."""
    arguments = parse_arguments(argv)
    settings = QUICK if arguments.quick else FULL
    try:
        if arguments.output is not None:
            check_target(str(arguments.output), [], "--output", ".md")
        results = measure(arguments.model, settings, arguments.data, lambda step: print(f"… {step}", file=sys.stderr))
    except (GenderAgeError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    command = "python -m benchmarks" + " --quick" * arguments.quick + " --data FOLDER" * (arguments.data is not None)
    text = markdown(results, command)
    if arguments.output is None:
        print(text)
        return 0
    try:
        arguments.output.write_text(text, encoding="utf-8")
    except OSError as error:
        # Measuring takes minutes.
        print(text)
        print(f"{arguments.output} cannot be written ({error.strerror}): the report is printed.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
