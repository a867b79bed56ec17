"""`python -m trainer prepare SOURCE OUT`: converts a raw source to a Parquet dataset for `load_dataset(OUT)`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
from pathlib import Path

from gender_age.detection import FaceDetector

from .errors import DataError
from .files import put_in_place, write_whole_text
from .preparation.build import REPORT, build_dataset
from .preparation.landmarks import UNREADABLE, Detector, Search, find_landmarks
from .preparation.pictures import draw_pictures
from .preparation.splits import SPLIT_SEED, order_key
from .preparation.staging import Staging, locked
from .preparation.told import told
from .publishing.dataset import check_name, push_dataset
from .sources.columns import Wishes, parse_values
from .sources.opening import COLUMN_OPTIONS, open_source
from .sources.own_boxes import FORMATS
from .sources.own_photos import NO_WISHES
from .sources.record import SOURCES, Record, Source

logger = logging.getLogger(__name__)

FORMAT = 3
"""Version of the output; incremented when the same source and options give another dataset."""

SETTINGS = "settings.json"
"""File in the work folder: source and options of the unfinished dataset."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `prepare`."""
    parser.add_argument(
        "source",
        type=Path,
        help="UTKFace or FairFace as published; own photos: a folder or archive with metadata.csv, .jsonl or .parquet, "
        "or with folders named by age or gender; a CSV, JSONL or Parquet file that names files; a saved or Hub dataset",
    )
    parser.add_argument("out", type=Path, help="folder for the dataset; it appears when it is complete")
    parser.add_argument("--source", dest="source_name", choices=SOURCES, help="default: by what SOURCE holds")
    names = parser.add_argument_group("own photos", "columns are guessed from usual names, and named here otherwise")
    for name, text in COLUMN_OPTIONS.items():
        names.add_argument(f"--{name.replace('_', '-')}", dest=f"{name}_column", metavar="C", help=text)
    names.add_argument("--box-format", choices=FORMATS, help="of boxes (default: by their columns' names and numbers)")
    names.add_argument(
        "--values",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN:THEIRS=OURS",
        help="words of a column, such as gender:f=female gender:2=male",
    )
    names.add_argument(
        "--name", help="of the source (default: by SOURCE), or of a published dataset to read it as that"
    )
    parser.add_argument("--limit", type=int, help="take this many images only, the same ones each time")
    parser.add_argument("--overwrite", action="store_true", help="replace an OUT that was prepared otherwise")
    parser.add_argument("--device", help="where the face detector runs, for example cuda (default: cpu)")
    parser.add_argument("--push-to-hub", metavar="ID", help="then publish OUT as the dataset owner/name of the Hub")
    parser.add_argument("--private", action="store_true", help="make that dataset private if it is new")


def main(args: argparse.Namespace) -> int:
    """Runs the command; returns the exit code.

    Raises:
        GenderAgeError: the dataset cannot be prepared or published.
    """
    if args.push_to_hub is not None:
        check_name(args.push_to_hub)
    columns = {name: value for name in COLUMN_OPTIONS if (value := getattr(args, f"{name}_column")) is not None}
    try:
        report, fresh = prepare(
            args.source,
            args.out,
            source_name=args.source_name or args.name,
            wishes=Wishes(columns, parse_values(args.values), args.box_format),
            limit=args.limit,
            overwrite=args.overwrite,
            device=args.device,
            pictures=True,
        )
    except OSError as error:  # full disk, no permission
        where = error.filename or args.out
        raise DataError(f"{where} cannot be used: {error.strerror or error}; what was done is kept") from error
    print("\n".join(told(report, args.out, fresh)))
    if args.push_to_hub is not None:
        print(push_dataset(args.out, args.push_to_hub, args.private))
    return 0


def prepare(
    source_path: Path,
    out: Path,
    *,
    source_name: str | None = None,
    wishes: Wishes = NO_WISHES,
    limit: int | None = None,
    overwrite: bool = False,
    detector: Detector | None = None,
    device: str | None = None,
    progress: bool = True,
    pictures: bool = False,
) -> tuple[dict, bool]:
    """Prepares OUT from a source, or resumes an interrupted run; OUT is written atomically.

    Args:
        source_path: see `add_arguments`.
        out: the dataset's folder. Its sibling `.{name}.prepare` is the work folder.
        source_name: one of `SOURCES`, the name of a recipe, or a name for own photos; None to detect it by content.
        wishes: what the columns and words of own photos mean.
        limit: maximum number of images.
        overwrite: replace a dataset or work folder of another source or other options.
        detector: face detector; None for MTCNN on `device`.
        device: of MTCNN.
        progress: whether to show a progress bar on stderr.
        pictures: whether to draw the data in the folder `report`.

    Returns:
        The report (the content of `prepare.json`), and whether OUT was prepared by this call.

    Raises:
        DataError: the source cannot be used, or OUT or its work folder holds other data.
    """
    if limit is not None and limit < 1:
        raise DataError(f"--limit is {limit}; it must be at least 1")
    source_path, out = Path(source_path), Path(out).absolute()
    if source_path.is_dir() and out.resolve().is_relative_to(source_path.resolve()):
        raise DataError(f"{out} lies inside the source {source_path}; choose a folder outside it")
    source = open_source(source_path, source_name, wishes)
    settings = {
        "format": FORMAT,
        "source": source.name,
        "fingerprint": source.fingerprint,
        "limit": limit,
        "split_seed": SPLIT_SEED,
    } | source.options
    report = _finished(out, settings, overwrite)
    work = out.with_name(f".{out.name}.prepare")
    if report is not None and not overwrite:
        _drop_leftovers(work, settings)
        return report, False
    with locked(work):
        _claim(work, settings, overwrite)
        staging = Staging(work)
        try:
            records = _chosen(source, limit)
            _process(source, records, staging, detector, device, progress)
        finally:
            staging.close()
        made = work / "out"
        shutil.rmtree(made, ignore_errors=True)
        report = build_dataset(made, source, records, staging, settings)
        if pictures:
            draw_pictures(made, report)
        put_in_place(made, out)
        shutil.rmtree(work, ignore_errors=True)  # `locked` removes what Windows could not
    return report, True


def _chosen(source: Source, limit: int | None) -> tuple[Record, ...]:
    """All records, or `limit` of them chosen by a hash of the name, sorted by file."""
    if limit is None:
        return source.records
    first = sorted(source.records, key=lambda record: order_key(record.file))[:limit]
    return tuple(sorted(first, key=lambda record: record.file))


def _finished(out: Path, settings: dict, overwrite: bool) -> dict | None:
    """The report of a dataset that is in place already; None when OUT is absent or empty."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    try:
        report = json.loads((out / REPORT).read_text("utf-8"))
        found = report["settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Also with --overwrite: the command deletes only its own output.
        raise DataError(f"{out} exists and was not made by `prepare`; choose another folder") from error
    if found != settings and not overwrite:
        raise DataError(f"{out} was prepared {_difference(found, settings)}; choose another folder or use --overwrite")
    return report


def _claim(work: Path, settings: dict, overwrite: bool) -> None:
    """Prepares the work folder for a new or resumed run with `settings`."""
    path = work / SETTINGS
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
        if found == settings:
            return
        if not overwrite:
            raise DataError(
                f"{work} holds an unfinished preparation {_difference(found, settings)}; "
                "finish it the same way, choose another OUT, or use --overwrite to drop it"
            )
    for name in ("journal.jsonl", "images.bin"):
        (work / name).unlink(missing_ok=True)
    write_whole_text(path, json.dumps(settings))


def _drop_leftovers(work: Path, settings: dict) -> None:
    """Removes the work folder of a run with `settings` that was killed after OUT was complete."""
    if (work / SETTINGS).exists() and json.loads((work / SETTINGS).read_text("utf-8")) == settings:
        with locked(work):
            shutil.rmtree(work, ignore_errors=True)


def _difference(found: dict, settings: dict) -> str:
    told = {
        "format": "by another version of this command",
        "source": f"from {found.get('source')}",
        "fingerprint": "from a source with other content",
        "limit": f"with --limit {found.get('limit')}" if found.get("limit") else "without --limit",
        "split_seed": "with another split seed",
        "columns": "with other columns",
        "values": "with other --values",
        "box_format": "with another --box-format",
    }
    return " and ".join(text for key, text in told.items() if found.get(key) != settings.get(key))


def _process(source: Source, records, staging: Staging, detector, device: str | None, progress: bool) -> None:
    todo = {record.file for record in records} - staging.entries.keys()
    if not todo:
        return
    if len(todo) < len(records):
        logger.info("continuing: %d of %d images are done", len(records) - len(todo), len(records))
    if detector is None:
        # The batch sizes of R-Net and O-Net vary, and oneDNN caches primitives for the last 1,024 shapes, some 2 GB:
        # https://github.com/pytorch/pytorch/issues/98688. It reads the variable once, at the first convolution. 64
        # costs no measurable time. No test shows when this can go; the closest is tests/page/server/test_memory.py.
        os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
        detector = FaceDetector(device)
    boxes = {record.file: record.box for record in records if record.box}
    search = Search(source.are_photos, boxes, source.relative_boxes)
    find_landmarks(source.read(todo), staging, detector, len(todo), progress, search)
    for file in sorted(todo - staging.entries.keys()):
        staging.skip(file, UNREADABLE)
