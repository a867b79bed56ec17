"""`python -m trainer evaluate`: evaluates a checkpoint on prepared data; writes `report.json` and plots."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from datasets import Dataset

from gender_age.checkpoint import DEFAULT_MODEL, checkpoint_folder
from gender_age.prediction import GenderAgePredictor
from gender_age.records import TRAINING_FILE, TrainingRecord, read_record

from .errors import TrainerError
from .evaluation.plots import draw_plots
from .evaluation.report import source_report
from .evaluation.samples import PROTOCOLS, Samples, estimate_split
from .evaluation.sources import load_sources
from .faces.column_mapping import ColumnMapping
from .files import write_whole_text
from .publishing.weights import model_digest

REPORT_NAME = "report.json"
LIBRARIES = ("torch", "transformers", "datasets", "facenet-pytorch", "numpy", "pillow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options to `parser`."""
    parser.add_argument(
        "--model", default=str(DEFAULT_MODEL), help="folder or Hub id (default: the repository's model)"
    )
    parser.add_argument("--revision", help="branch, tag or commit of a model on the Hub")
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        required=True,
        metavar="D",
        help="prepared folders, or datasets on the Hub as ID or ID@REVISION; each source is reported on its own",
    )
    parser.add_argument("--output", required=True, metavar="FOLDER", help=f"gets {REPORT_NAME} and the plots")
    parser.add_argument("--split", default="test", help="default: test")
    parser.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        default=[],
        metavar="THEIRS=OURS",
        help="columns of a public dataset with other names, such as sex=gender",
    )
    parser.add_argument("--genders", nargs=2, default=[], metavar="NAME", help="there, the genders of 0 and of 1")
    parser.add_argument("--limit", type=int, metavar="N", help="N images of each source, drawn with a fixed seed")
    parser.add_argument("--batch-size", type=int, default=64, help="images at a time (default: 64)")
    parser.add_argument("--device", help="cpu, cuda, ... (default: the GPU if there is one)")
    parser.add_argument("--skip-end-to-end", action="store_true", help="measure with the stored landmarks only")


def main(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        GenderAgeError: the model or the data cannot be used, or the report cannot be written.
    """
    for name, value in (("limit", args.limit), ("batch-size", args.batch_size)):
        if value is not None and value < 1:
            raise TrainerError(f"--{name} is {value}; it must be at least 1")
    if args.device == "meta":
        raise TrainerError("the device meta holds no numbers; try cpu")
    mapping = ColumnMapping(dict(each.partition("=")[::2] for each in args.columns), args.genders)
    output = Path(args.output)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainerError(f"the folder {output} cannot be made: {error.strerror}") from error
    sources = load_sources(args.data, args.split, args.limit, mapping)
    folder = checkpoint_folder(args.model, args.revision)
    training = TrainingRecord.read(read_record(folder, TRAINING_FILE))
    predictor = GenderAgePredictor.from_pretrained(folder, device=args.device)
    protocols = PROTOCOLS[:1] if args.skip_end_to_end else PROTOCOLS
    samples = evaluate(predictor, sources, protocols, args.batch_size)
    report = build_report(samples) | {
        "model": {
            "name": public_name(args.model),
            "revision": args.revision,
            "digest": model_digest(predictor.model),
            "image_size": predictor.face_size,
            "trained_on": {source: training.has_seen(source) if training else None for source in sources},
        },
        "data": {"names": [public_name(source) for source in args.data], "split": args.split, "limit": args.limit},
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }
    write_report(report, output)
    plots = draw_plots(samples, output)
    print(summary(report))
    print(f"{output / REPORT_NAME} and {len(plots)} plots written")
    return 0


def evaluate(
    predictor: GenderAgePredictor, sources: dict[str, Dataset], protocols: Sequence[str], batch_size: int
) -> dict[str, dict[str, Samples]]:
    """Runs the predictor; samples by protocol and source."""
    return {
        protocol: {
            source: estimate_split(predictor, rows, protocol, batch_size, f"{source}, {protocol}")
            for source, rows in sources.items()
        }
        for protocol in protocols
    }


def build_report(samples: dict[str, dict[str, Samples]]) -> dict:
    """`images`: number by source; `protocols`: `source_report`s by protocol and source."""
    return {
        "images": {source: len(found) for source, found in next(iter(samples.values())).items()},
        "protocols": {
            protocol: {source: source_report(found) for source, found in sources.items()}
            for protocol, sources in samples.items()
        },
    }


def write_report(report: dict, folder: Path) -> None:
    """Writes `report.json` atomically.

    Raises:
        TrainerError: the folder cannot be written to.
    """
    try:
        write_whole_text(folder / REPORT_NAME, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise TrainerError(f"the report cannot be written to {folder}: {error.strerror}") from error


def summary(report: dict) -> str:
    """The main metrics, one line per protocol and source."""
    units = {
        "age_mae": "MAE {:.2f} years",
        "age_band_mae": "bands' mean {:.2f}",
        "age_bias": "bias {:+.2f}",
        "age_cs5": "CS@5 {:.1%}",
    }
    units |= {"range_accuracy": "range {:.1%}", "range_within_one": "within one {:.1%}"}
    units |= {"gender_accuracy": "gender {:.1%}", "gender_accuracy_from_10": "from ten years {:.1%}"}
    lines = []
    for protocol, sources in report["protocols"].items():
        for source, found in sources.items():
            overall = found["overall"]
            shown = [text.format(overall[key]["value"]) for key, text in units.items() if key in overall]
            missed = f"{overall['missed']['value']:.1%} without landmarks"
            head = f"{source}, {protocol.replace('_', ' ')}: {overall['n']} images, {missed}"
            lines.append("; ".join([head, *shown]))
    return "\n".join(lines)


def public_name(id_or_folder: str) -> str:
    """A Hub id unchanged; of a local folder only the name, since its path is private."""
    folder = Path(id_or_folder)
    return folder.resolve().name if folder.is_dir() else id_or_folder
