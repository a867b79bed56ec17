"""The command from its arguments to its summary."""

from __future__ import annotations

import argparse
import os
import platform
import time
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version

from gender_age.checkpoint import DEFAULT_MODEL
from gender_age.counted import counted
from gender_age.video_formats import is_installed, missing

from .cluster import cluster
from .errors import LabellingError
from .items import utf8
from .job import Settings, run
from .model_choice import ModelChoice
from .output import README, REPORT, Counts, Output
from .progress import progress_bar
from .readme import readme
from .report import report
from .sources import pieces_of
from .tally import COLUMNS, Tally

PACKAGES = ("gender-age", "ray", "torch", "torchvision", "transformers", "pillow", "pyarrow")


def label(arguments: argparse.Namespace) -> None:
    """Labels SOURCE into OUT, and prints what was done.

    Raises:
        GenderAgeError: the source, the output, the model or the cluster cannot be used.
    """
    if arguments.videos and (arguments.report or arguments.distribution):
        raise LabellingError("--report and --distribution are for photos: leave them out, or leave out --videos.")
    if arguments.videos and not is_installed():
        raise LabellingError(missing("--videos"))
    source = arguments.source.replace(os.sep, "/")  # fsspec's, on Windows too
    source = source if len(source) == 1 else source.rstrip("/")
    model = ModelChoice.of(arguments.model or str(DEFAULT_MODEL), arguments.revision)
    settings = Settings(arguments.min_score, arguments.distribution, arguments.videos)
    output = Output(arguments.out, "person" if settings.videos else "face")
    identity = {
        "source": utf8(source),
        "model": model.sha256,
        "minimum score": settings.min_score,
        "distribution": settings.distribution,
        "image column": arguments.image,
        "kind of file": "videos" if settings.videos else "photos",
    }
    output.check(identity)
    with cluster(arguments.address, arguments.cpus, arguments.gpus) as stages:
        pieces = pieces_of(source, stages.searchers, arguments.image, settings.videos)
        output.begin(identity)
        before, started = output.counts(), time.monotonic()
        num_files = sum(piece.num_rows for piece in pieces)
        with progress_bar(num_files, before.photos, str(identity["kind of file"])) as counter:
            run(pieces, output, model, settings, stages, arguments.batch_size, counter)
        seconds = time.monotonic() - started
    counts = output.counts()
    facts = {
        "name": model.name,
        "revision": model.revision,
        "counts": counts,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
    }
    if arguments.report:
        output.write(REPORT, report(Tally.of(output.batches(COLUMNS)), identity["source"], facts))
    output.finish(identity, readme(identity, facts), **facts)
    print(summary(counts, counts.photos - before.photos, seconds, settings.videos))
    print(f"{output.address}: see {README}" + (f" and {REPORT}" if arguments.report else ""))


def summary(counts: Counts, new_photos: int, seconds: float, videos: bool = False) -> str:
    """One line for who started the job."""
    file = "video" if videos else "photo"
    found = counted(counts.faces, "person", "people") if videos else counted(counts.faces, "face")
    rate = f"{new_photos / seconds:.1f} a second" if new_photos else "nothing new"
    return (
        f"{counted(counts.photos, file)} ({new_photos:,} now, {rate}): {found}, "
        f"{counted(counts.without_face, file)} without a face, {counts.errors:,} with an error."
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # run from a clone that is not installed
        return None
